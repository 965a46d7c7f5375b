import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';

/** Says a failure that repeats once in a while, with how many there were: an outage must not fill the disk. */
export class SparseLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #topics = new Map<string, { saidAt: number; unsaid: number }>();

  constructor(log: Log, clock: Clock, everyMs = 10_000) {
    this.#log = log;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  failure(topic: string, error: unknown): void {
    const known = this.#topics.get(topic) ?? { saidAt: Number.NEGATIVE_INFINITY, unsaid: 0 };
    const now = this.#clock.now();
    if (now - known.saidAt < this.#everyMs) {
      this.#topics.set(topic, { ...known, unsaid: known.unsaid + 1 });
      return;
    }
    this.#topics.set(topic, { saidAt: now, unsaid: 0 });
    this.#log.warn(
      { reason: messageOf(error), ...(known.unsaid > 0 ? { unsaid: known.unsaid } : {}) },
      topic,
    );
  }
}
