import type { Sqlite } from '../../kit/sqlite.ts';

/** Signatures of requests that were accepted, on the disk as long as their time stamps are: so none is accepted twice. */
export class UsedSignatures {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
    database.exec(
      `CREATE TABLE IF NOT EXISTS used_signatures (signature TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
       CREATE INDEX IF NOT EXISTS used_signatures_expired ON used_signatures (expires_at)`,
    );
  }

  /** False when it was used before. Within the transaction that stores what was signed: both or neither. */
  use(signature: string, expiresAt: number, now: number): boolean {
    this.#database.prepare('DELETE FROM used_signatures WHERE expires_at < ?').run(now);
    const { changes } = this.#database
      .prepare('INSERT INTO used_signatures VALUES (?, ?) ON CONFLICT DO NOTHING')
      .run(signature, expiresAt);
    return changes === 1;
  }
}
