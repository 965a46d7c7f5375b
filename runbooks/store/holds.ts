import { z } from 'zod';
import type { Sqlite } from '../../kit/sqlite.ts';

const row = z.object({ holder: z.string(), expiresAt: z.number() });

/** Who keeps the runbooks off, and until when (Unix milliseconds). */
export type Hold = z.output<typeof row>;

/**
 * The kill switch, as leases: each holder has one of its own, and while any is unexpired nothing runs. It is kept on
 * the disk, so a restart of the service does not set the runbooks free, and a dead holder does not keep them off.
 */
export class Holds {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
    database.exec(
      'CREATE TABLE IF NOT EXISTS holds (holder TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT',
    );
  }

  /** Takes a lease or renews it; true when the holder had none that was still valid. */
  put({ holder, expiresAt }: Hold, now: number): boolean {
    const before = this.#database
      .prepare('SELECT 1 FROM holds WHERE holder = ? AND expires_at > ?')
      .get(holder, now);
    this.#database
      .prepare(
        'INSERT INTO holds VALUES (?, ?) ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at',
      )
      .run(holder, expiresAt);
    return before === undefined;
  }

  /** Gives the holder's lease back, or everybody's when none is named; how many that were. */
  release(holder?: string): number {
    const statement =
      holder === undefined
        ? this.#database.prepare('DELETE FROM holds').run()
        : this.#database.prepare('DELETE FROM holds WHERE holder = ?').run(holder);
    return Number(statement.changes);
  }

  /** The lease that lasts longest, if any is valid. */
  current(now: number): Hold | undefined {
    const found = this.#database
      .prepare(
        'SELECT holder, expires_at AS expiresAt FROM holds WHERE expires_at > ? ORDER BY expires_at DESC LIMIT 1',
      )
      .get(now);
    return found === undefined ? undefined : row.parse(found);
  }
}
