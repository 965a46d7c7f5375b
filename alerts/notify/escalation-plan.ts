import type { Sqlite } from '../../kit/sqlite.ts';

/** Somebody who is told when nobody has acknowledged in time. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly receiver: string;
}

/** Who is to be told of an alert later, unless it is acknowledged or over before. */
export class EscalationPlan {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Counts from `since`, when the alert came in: a first contact that cannot be reached does not hold up the next. */
  plan(occurrence: number, steps: readonly EscalationStep[], since: number): void {
    const add = this.#database.prepare(
      'INSERT INTO escalations (occurrence_id, receiver, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    for (const { afterMs, receiver } of steps) add.run(occurrence, receiver, since + afterMs);
  }

  /** Takes those whose time has come, also of alerts that somebody has by now or that are over. */
  takeDue(now: number): { occurrence: number; receiver: string; dueAt: number }[] {
    return this.#database
      .prepare('DELETE FROM escalations WHERE due_at <= ? RETURNING occurrence_id, receiver, due_at')
      .all(now)
      .map(({ occurrence_id, receiver, due_at }) => ({
        occurrence: Number(occurrence_id),
        receiver: String(receiver),
        dueAt: Number(due_at),
      }));
  }
}
