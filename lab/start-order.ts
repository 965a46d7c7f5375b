/** What is told while a lab comes up. */
export interface LabProgress {
  service: string;
  state: 'starting' | 'ready';
  /** Since the start of this service. */
  ms: number;
}

/** Something that is being started; fulfilled when it is ready. */
export type Starting = Promise<void>;

export interface StartOrderOptions {
  signal: AbortSignal;
  /** Takes what has been started, in the order in which it became ready; whoever owns it stops it in reverse. */
  stack: AsyncDisposableStack;
  onProgress: (progress: LabProgress) => void;
}

/** Starts services side by side, each as soon as what it needs is ready. */
export class StartOrder {
  /** Aborted from outside, and by the first failure: then nobody waits for the others any longer. */
  readonly signal: AbortSignal;
  readonly #failure = new AbortController();
  readonly #options: StartOrderOptions;
  readonly #all: Starting[] = [];

  constructor(options: StartOrderOptions) {
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#failure.signal]);
  }

  /** Starts a service when all of `needs` are ready. A failure is not thrown here but by `allReady`. */
  add(service: string, needs: readonly Starting[], start: () => Promise<AsyncDisposable>): Starting {
    const starting = Promise.all(needs).then(() => this.#start(service, start));
    starting.catch((error: unknown) => this.#failure.abort(error));
    this.#all.push(starting);
    return starting;
  }

  /** Returns when all are ready; throws the first failure when nothing is being started any more. */
  async allReady(): Promise<void> {
    await Promise.allSettled(this.#all);
    this.signal.throwIfAborted();
  }

  async #start(service: string, start: () => Promise<AsyncDisposable>): Promise<void> {
    this.signal.throwIfAborted();
    const { stack, onProgress } = this.#options;
    const from = performance.now();
    onProgress({ service, state: 'starting', ms: 0 });
    stack.use(await start());
    onProgress({ service, state: 'ready', ms: performance.now() - from });
  }
}
