import { randomBytes } from 'node:crypto';
import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertTier } from '../tiers.ts';
import type { NotifiedAlert } from './message.ts';
import { type Occurrence, occurrenceColumns, occurrenceOf } from './occurrence.ts';

/** What a notice has changed: nothing where it only repeats what is known, or ends what was never heard of. */
export type Change = 'fired' | 'fired-and-over' | 'resolved' | 'nothing';

/**
 * A firing notice that comes after the end is late, up to here. Later it is news: Alertmanager ends an alert of which it has not
 * heard for a while, and when Prometheus can reach it again the same alert goes on, with the same start.
 */
export const lateMs = 15_000;

/** Alerts that were heard of. Fingerprint and start name one, until it comes back. */
export class Occurrences {
  readonly #database: Sqlite;
  readonly #find;
  readonly #add;
  readonly #fire;
  readonly #end;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#find = database.prepare(
      `SELECT id, round, firing IS NOT NULL AS fired, resolved_at AS endedAt FROM occurrences
       WHERE fingerprint = ? AND starts_at = ? ORDER BY round DESC LIMIT 1`,
    );
    this.#add = database.prepare(
      `INSERT INTO occurrences (kind, fingerprint, starts_at, round, tier, first_seen, last_seen)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    );
    this.#fire = database.prepare(
      'UPDATE occurrences SET last_seen = ?, firing = coalesce(firing, ?) WHERE id = ?',
    );
    this.#end = database.prepare(
      `UPDATE occurrences SET last_seen = ?1, resolved = coalesce(resolved, ?2),
         resolved_at = coalesce(resolved_at, ?1) WHERE id = ?3`,
    );
  }

  /** Stores what a notice says; the first word on its firing and on its end counts. */
  note(
    alert: NotifiedAlert,
    tier: AlertTier,
    now: number,
    kind: Occurrence['kind'] = 'alert',
  ): { id: number; change: Change } {
    const startsAt = Date.parse(alert.startsAt);
    const isFiring = alert.status === 'firing';
    const last = this.#find.get(alert.fingerprint, startsAt);
    const endedAt = typeof last?.endedAt === 'number' ? last.endedAt : undefined;
    const isBack = isFiring && endedAt !== undefined && now - endedAt > lateMs;
    const found = isBack ? undefined : last;
    const round = last === undefined ? 0 : Number(last.round) + 1;
    const id = Number(
      found?.id ?? this.#add.get(kind, alert.fingerprint, startsAt, round, tier, now, now)?.id,
    );
    (isFiring ? this.#fire : this.#end).run(now, JSON.stringify(alert), id);
    const fired = found?.fired === 1;
    if (!isFiring) return { id, change: fired && endedAt === undefined ? 'resolved' : 'nothing' };
    return { id, change: fired ? 'nothing' : found === undefined ? 'fired' : 'fired-and-over' };
  }

  get(id: number): Occurrence | undefined {
    const found = this.#database
      .prepare(`SELECT ${occurrenceColumns} FROM occurrences o WHERE o.id = ?`)
      .get(id);
    return found === undefined ? undefined : occurrenceOf(found);
  }

  byToken(token: string): Occurrence | undefined {
    const found = this.#database
      .prepare(`SELECT ${occurrenceColumns} FROM occurrences o WHERE o.ack_token = ?`)
      .get(token);
    return found === undefined ? undefined : occurrenceOf(found);
  }

  /** From now on somebody is waited for: makes the secret of its link, 128 random bits. */
  awaitAcknowledgement(id: number): void {
    this.#database
      .prepare('UPDATE occurrences SET ack_token = ? WHERE id = ?')
      .run(randomBytes(16).toString('base64url'), id);
  }

  /** Whether this was the first acknowledgement of an alert that still fires. */
  acknowledge(id: number, by: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE occurrences SET acknowledged_at = ?, acknowledged_by = ?
         WHERE id = ? AND ack_token IS NOT NULL AND acknowledged_at IS NULL AND resolved IS NULL`,
      )
      .run(now, by, id);
    return changes === 1;
  }

  /** Those that fire and wait for somebody, oldest first. */
  unacknowledged(): Occurrence[] {
    const rows = this.#database
      .prepare(
        `SELECT ${occurrenceColumns} FROM occurrences o
         WHERE ack_token IS NOT NULL AND acknowledged_at IS NULL AND resolved IS NULL ORDER BY id`,
      )
      .all();
    return rows.map(occurrenceOf);
  }

  /** Forgets what was last heard of before then, unless somebody is still to be told of it or could not be. */
  prune(before: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM occurrences WHERE last_seen < ? AND NOT EXISTS
           (SELECT 1 FROM deliveries d WHERE d.occurrence_id = occurrences.id AND d.state <> 'sent')`,
      )
      .run(before);
    return Number(changes);
  }
}
