import type { Sqlite } from '../../kit/sqlite.ts';
import type { AlertNotice } from '../intake/alert-notice.ts';
import type { StoredRun } from './run.ts';

/** Alert instances on the disk, each with the state that holds. */
export class Alerts {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Stores the state of an alert instance; returns the state that now holds. What is known already costs no write. */
  note({ fingerprint, startsAt, labels, status }: AlertNotice, now: number): 'firing' | 'resolved' {
    const known = this.#database
      .prepare('SELECT status FROM alerts WHERE fingerprint = ? AND starts_at = ?')
      .get(fingerprint, startsAt)?.status;
    if (known === 'resolved' || known === status) return known;
    this.#database
      .prepare(
        `INSERT INTO alerts (fingerprint, starts_at, labels, received_at, status) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET status = 'resolved'`,
      )
      .run(fingerprint, startsAt, JSON.stringify(labels), now, status);
    return status;
  }

  /** Whether that alert instance is over. */
  isResolved({ fingerprint, startsAt }: Pick<StoredRun, 'fingerprint' | 'startsAt'>): boolean {
    const row = this.#database
      .prepare(`SELECT 1 FROM alerts WHERE fingerprint = ? AND starts_at = ? AND status = 'resolved'`)
      .get(fingerprint, startsAt);
    return row !== undefined;
  }
}
