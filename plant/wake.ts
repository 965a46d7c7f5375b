import type { Clock } from '../kit/clock.ts';

/** Lets a loop sleep until somebody has work for it, or until the signal ends it. A call before the sleep is not lost. */
export class Wake {
  #called = false;
  #ring: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    if (signal.aborted) this.call();
    signal.addEventListener('abort', () => this.call(), { once: true });
  }

  call(): void {
    this.#called = true;
    this.#ring?.();
  }

  /** Resolves at the next call, or after `ms`. */
  async sleep(clock: Clock, ms: number): Promise<void> {
    if (!this.#called) {
      const timer = new AbortController();
      const call = new Promise<void>((resolve) => {
        this.#ring = resolve;
      });
      await Promise.race([call, clock.sleep(ms, timer.signal).catch(() => {})]);
      timer.abort();
      this.#ring = undefined;
    }
    this.#called = false;
  }
}
