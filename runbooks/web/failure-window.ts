import type { Clock } from '../../kit/clock.ts';

/** How often something went wrong lately, over all senders. */
export class FailureWindow {
  readonly #most: number;
  readonly #perMs: number;
  readonly #clock: Clock;
  #times: number[] = [];

  constructor(most: number, perMs: number, clock: Clock) {
    this.#most = most;
    this.#perMs = perMs;
    this.#clock = clock;
  }

  get isFull(): boolean {
    const since = this.#clock.now() - this.#perMs;
    this.#times = this.#times.filter((at) => at > since);
    return this.#times.length >= this.#most;
  }

  /** Counts one more; false when it is one too many. */
  note(): boolean {
    if (this.isFull) return false;
    this.#times.push(this.#clock.now());
    return true;
  }
}
