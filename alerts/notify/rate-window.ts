import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertTier } from '../tiers.ts';

/** So many messages in any stretch of that length. */
export interface RateLimit {
  readonly messages: number;
  readonly perMs: number;
}

/** Attempts of the last while, on the disk: a restart does not let a receiver be written to more often. */
export class RateWindow {
  readonly #note;
  readonly #forget;
  readonly #since;

  constructor(database: Sqlite) {
    this.#note = database.prepare('INSERT INTO attempts (receiver, at) VALUES (?, ?)');
    this.#forget = database.prepare('DELETE FROM attempts WHERE receiver = ? AND at <= ?');
    this.#since = database.prepare(
      'SELECT at FROM attempts WHERE receiver = ? AND at > ? AND at <= ? ORDER BY at',
    );
  }

  /** From when on a message of this tier may be sent; every limit counts. */
  freeAt(receiver: string, limits: readonly RateLimit[], tier: AlertTier, now: number): number {
    return Math.max(now, ...limits.map((limit) => this.#freeUnder(receiver, limit, tier, now)));
  }

  note(receiver: string, limits: readonly RateLimit[], now: number): void {
    this.#forget.run(receiver, now - Math.max(0, ...limits.map(({ perMs }) => perMs)));
    this.#note.run(receiver, now);
  }

  #freeUnder(receiver: string, { messages, perMs }: RateLimit, tier: AlertTier, now: number): number {
    const allowed = tier === 'A' ? messages : messages - reservedForA(messages);
    const sent = this.#since.all(receiver, now - perMs, now);
    const blocking = sent[sent.length - allowed];
    return blocking === undefined ? now : Number(blocking.at) + perMs;
  }
}

/** B and C leave a quarter free, so that an A does not have to wait because of them. */
const reservedForA = (messages: number): number => Math.floor(messages / 4);
