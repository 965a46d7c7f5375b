import type { Clock } from '../../kit/clock.ts';

/** A clock that only moves when a test moves it. */
export class ManualClock implements Clock {
  #now = Date.parse('2026-01-31T08:00:00.000Z');
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
    });
  }

  /** Moves on, and lets everything that woke up by it have its turn. */
  async advance(ms: number): Promise<void> {
    this.#now += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
    for (const { wake } of due) wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
