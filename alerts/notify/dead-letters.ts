import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertTier } from '../tiers.ts';
import type { Counters } from './counters.ts';
import { followsDeadLetter } from './deliveries.ts';
import type { MessageEvent } from './message.ts';
import { occurrenceColumns, occurrenceOf } from './occurrence.ts';

/** Something that a receiver could not be told, and why. */
export interface DeadLetter {
  readonly id: number;
  readonly receiver: string;
  readonly tier: AlertTier;
  readonly event: MessageEvent;
  readonly alert: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly queuedAt: number;
  readonly diedAt: number;
}

/** What was given up. It is kept until somebody retries it. */
export class DeadLetters {
  readonly #database: Sqlite;
  readonly #counters: Counters;

  constructor(database: Sqlite, counters: Counters) {
    this.#database = database;
    this.#counters = counters;
  }

  /** Gives a message up, and whatever waits behind it about the same alerts. */
  buryMessage(id: string, receiver: string, reason: string, now: number): void {
    this.#database.prepare(`UPDATE messages SET state = 'dead', reason = ? WHERE id = ?`).run(reason, id);
    const { changes } = this.#database
      .prepare(
        `UPDATE deliveries SET state = 'dead', reason = ?, ended_at = ? WHERE message_id = ? AND state = 'composed'`,
      )
      .run(reason, now, id);
    this.#counters.add('buried', receiver, Number(changes));
    this.#buryFollowers(now);
  }

  /** Gives up what nobody will take any more; `reason` says why. */
  buryOfUnknownReceivers(known: readonly string[], now: number): void {
    const strangers = this.#database
      .prepare(
        `SELECT DISTINCT receiver FROM deliveries WHERE state IN ('waiting', 'composed')
         AND receiver NOT IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(known));
    const close = this.#database.prepare(
      `UPDATE messages SET state = 'dead' WHERE receiver = ? AND state = 'waiting'`,
    );
    for (const { receiver } of strangers) {
      close.run(String(receiver));
      this.#bury(`receiver = ?`, [String(receiver)], 'andon.yaml no longer has this receiver', now);
    }
  }

  /** Gives up what has waited since before then; what is being sent right now may still arrive. */
  buryOlderThan(before: number, now: number, why: string): void {
    const late = this.#database
      .prepare(
        `SELECT id, receiver, reason FROM messages m WHERE state = 'waiting' AND EXISTS
           (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state = 'composed' AND d.queued_at < ?)`,
      )
      .all(before);
    for (const { id, receiver, reason } of late)
      this.buryMessage(String(id), String(receiver), `${why}; the last answer: ${String(reason)}`, now);
    this.#bury(`state = 'waiting' AND queued_at < ?`, [before], why, now);
  }

  list(): DeadLetter[] {
    return this.#database
      .prepare(
        `SELECT d.id AS delivery, d.receiver, d.event, d.reason, d.queued_at, d.ended_at, ${occurrenceColumns}
         FROM deliveries d JOIN occurrences o ON o.id = d.occurrence_id WHERE d.state = 'dead' ORDER BY d.tier, d.id`,
      )
      .all()
      .map(letterOf);
  }

  /** For each receiver that has any. */
  counts(): Map<string, number> {
    const rows = this.#database
      .prepare(`SELECT receiver, count(*) AS count FROM deliveries WHERE state = 'dead' GROUP BY receiver`)
      .all();
    return new Map(rows.map(({ receiver, count }) => [String(receiver), Number(count)]));
  }

  /** Queues one again, with all others of the same alert and receiver; all of them without `id`. Returns how many. */
  retry(id: number | undefined, now: number): number {
    const { changes } = this.#database
      .prepare(
        `UPDATE deliveries SET state = 'waiting', message_id = NULL, reason = '', ended_at = NULL, queued_at = ?
         WHERE state = 'dead' AND (?2 IS NULL OR (receiver, occurrence_id) =
           (SELECT receiver, occurrence_id FROM deliveries WHERE id = ?2 AND state = 'dead'))`,
      )
      .run(now, id ?? null);
    return Number(changes);
  }

  #bury(where: string, values: (string | number)[], reason: string, now: number): void {
    const buried = this.#database
      .prepare(
        `UPDATE deliveries SET state = 'dead', reason = ?, ended_at = ?
         WHERE state IN ('waiting', 'composed') AND ${where} RETURNING receiver`,
      )
      .all(reason, now, ...values);
    for (const { receiver } of buried) this.#counters.add('buried', String(receiver));
    if (buried.length > 0) this.#buryFollowers(now);
  }

  /** An end is not told to whom the beginning could not be told; both can be retried together. */
  #buryFollowers(now: number): void {
    const followers = this.#database
      .prepare(
        `UPDATE deliveries SET state = 'dead', reason = ?, ended_at = ? WHERE state = 'waiting' AND EXISTS
           (SELECT 1 FROM deliveries e WHERE e.occurrence_id = deliveries.occurrence_id
            AND e.receiver = deliveries.receiver AND e.state = 'dead') RETURNING receiver`,
      )
      .all(followsDeadLetter, now);
    for (const { receiver } of followers) this.#counters.add('buried', String(receiver));
  }
}

function letterOf(row: Record<string, unknown>): DeadLetter {
  const { tier, firing, resolved } = occurrenceOf(row);
  return {
    id: Number(row.delivery),
    receiver: String(row.receiver),
    tier,
    event: row.event as MessageEvent,
    alert: (firing ?? resolved)?.labels.alertname ?? '',
    reason: String(row.reason),
    queuedAt: Number(row.queued_at),
    diedAt: Number(row.ended_at),
  };
}
