import type { Sqlite } from '../../kit/sqlite.ts';

/** A cron trigger of a runbook. */
export interface KnownCron {
  runbook: string;
  pattern: string;
}

/** Since when each cron trigger stands in the catalogue, on the disk: a time before that was not missed. */
export class KnownCrons {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
    database.exec(
      'CREATE TABLE IF NOT EXISTS crons (runbook TEXT, pattern TEXT, since INTEGER NOT NULL, PRIMARY KEY (runbook, pattern)) STRICT',
    );
  }

  /** Those of now: what is new is known from now on, what is gone is forgotten. Within a transaction. */
  note(crons: readonly KnownCron[], now: number): void {
    const list = JSON.stringify(crons);
    this.#database
      .prepare(
        `DELETE FROM crons WHERE (runbook, pattern) NOT IN
           (SELECT value ->> 'runbook', value ->> 'pattern' FROM json_each(?))`,
      )
      .run(list);
    this.#database
      .prepare(
        `INSERT INTO crons SELECT value ->> 'runbook', value ->> 'pattern', ? FROM json_each(?) WHERE true
         ON CONFLICT DO NOTHING`,
      )
      .run(now, list);
  }

  /** Unix milliseconds. */
  since({ runbook, pattern }: KnownCron): number {
    const found = this.#database
      .prepare('SELECT since FROM crons WHERE runbook = ? AND pattern = ?')
      .get(runbook, pattern);
    return Number(found?.since ?? Number.POSITIVE_INFINITY);
  }
}
