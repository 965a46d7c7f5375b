import type { Clock } from '../../kit/clock.ts';
import type { WebConfig } from './web-config.ts';

/** A bucket of `burst` tokens that gets one more each `intervalMs`; each request takes one. */
export class RateLimit {
  readonly #limit: WebConfig['rateLimit'];
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(limit: WebConfig['rateLimit'], clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#tokens = limit?.burst ?? 0;
    this.#filledAt = clock.now();
  }

  /** Whether one more request may pass now. */
  allows(): boolean {
    if (this.#limit === undefined) return true;
    const { intervalMs, burst } = this.#limit;
    const now = this.#clock.now();
    // A clock that is set back must not take tokens away.
    const earned = Math.max(0, now - this.#filledAt) / intervalMs;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
