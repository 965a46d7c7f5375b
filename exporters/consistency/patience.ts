/** How long one answer of a database may take, and what ends everything. */
export interface PatienceOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Gives the connection up. A half-open one answers nothing, not even a goodbye, so this must not wait. */
  readonly giveUp: () => void;
}

/** Waits for one piece of work at a time, and for none longer than it may take. */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  async for<T>(work: () => Promise<T>): Promise<T> {
    const { ms, signal, giveUp } = this.#options;
    signal.throwIfAborted();
    const over = Promise.withResolvers<never>();
    const end = (reason: unknown) => {
      over.reject(reason);
      giveUp();
    };
    const abort = () => end(signal.reason);
    const timer = setTimeout(() => end(new Error(`gave no answer within ${ms / 1000} s`)), ms);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([work(), over.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}
