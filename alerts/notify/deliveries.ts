import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertTier } from '../tiers.ts';
import type { MessageEvent } from './message.ts';

/** One thing to tell one receiver. */
export interface NewDelivery {
  readonly receiver: string;
  readonly occurrence: number;
  readonly tier: AlertTier;
  readonly event: MessageEvent;
  /** Tells escalations of one occurrence apart. */
  readonly step?: number;
  /** Alerts that Alertmanager left out of the notification that brought this one. */
  readonly omitted?: number;
}

/** What is to be told, what was, and what could not be: one row for each receiver, occurrence and event. */
export class Deliveries {
  readonly #database: Sqlite;
  readonly #add;
  readonly #isDead;
  readonly #waiting;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#add = database.prepare(
      `INSERT INTO deliveries (receiver, tier, occurrence_id, event, step, omitted, queued_at, state, reason, ended_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#isDead = database.prepare(
      `SELECT 1 FROM deliveries WHERE occurrence_id = ? AND receiver = ? AND state = 'dead' LIMIT 1`,
    );
    // What a message under way still has to say of an occurrence must be said first.
    this.#waiting = database.prepare(
      `SELECT id, tier, occurrence_id AS occurrence FROM deliveries d WHERE receiver = ? AND state = 'waiting' AND NOT EXISTS
         (SELECT 1 FROM deliveries e WHERE e.occurrence_id = d.occurrence_id AND e.receiver = d.receiver AND e.state = 'composed')
       ORDER BY tier, occurrence_id, id`,
    );
  }

  /** Queues it; false when it was queued before. After a dead letter of the same occurrence it is one too. */
  add(delivery: NewDelivery, now: number): boolean {
    const { receiver, occurrence, tier, event, step = 0, omitted = 0 } = delivery;
    const dead = this.#isDead.get(occurrence, receiver) !== undefined;
    const fate = dead ? (['dead', followsDeadLetter, now] as const) : (['waiting', '', null] as const);
    const { changes } = this.#add.run(receiver, tier, occurrence, event, step, omitted, now, ...fate);
    return changes === 1;
  }

  /** Who has been told of an occurrence, or is going to be. */
  receiversOf(occurrence: number): string[] {
    return this.#database
      .prepare('SELECT DISTINCT receiver FROM deliveries WHERE occurrence_id = ?')
      .all(occurrence)
      .map(({ receiver }) => String(receiver));
  }

  /** What may be sent to a receiver now: A before B before C, older occurrences before newer ones. */
  *ready(receiver: string): Generator<{ id: number; tier: AlertTier; occurrence: number }> {
    for (const { id, tier, occurrence } of this.#waiting.iterate(receiver))
      yield { id: Number(id), tier: tier as AlertTier, occurrence: Number(occurrence) };
  }

  /** Takes back escalations that nobody has been told yet. */
  withdrawEscalations(occurrence: number): void {
    this.#database
      .prepare(`DELETE FROM deliveries WHERE occurrence_id = ? AND event = 'escalated' AND state = 'waiting'`)
      .run(occurrence);
  }

  /** How much waits for each receiver, and since when (Unix milliseconds). */
  pending(): { receiver: string; count: number; oldest: number }[] {
    return this.#database
      .prepare(
        `SELECT receiver, count(*) AS count, min(queued_at) AS oldest FROM deliveries
         WHERE state IN ('waiting', 'composed') GROUP BY receiver`,
      )
      .all()
      .map(({ receiver, count, oldest }) => ({
        receiver: String(receiver),
        count: Number(count),
        oldest: Number(oldest),
      }));
  }
}

/** Why something became a dead letter without being tried. */
export const followsDeadLetter = 'an earlier notice of the same alert is a dead letter';
