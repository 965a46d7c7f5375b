import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** The only door to SQLite, because Node still moves it about. */
export type Sqlite = DatabaseSync;

/** Statements are constants of the code, a few dozen for each database. */
const mostKept = 200;

/** Compiles each statement once: half of what a short one costs. */
class PreparingOnce extends DatabaseSync {
  readonly #statements = new Map<string, StatementSync>();

  override prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = super.prepare(sql);
    if (this.#statements.size < mostKept) this.#statements.set(sql, statement);
    return statement;
  }
}

/** Opens a database that survives a crash: WAL, fsync on commit, five seconds of patience with another writer. */
export function openSqlite(file: string): Sqlite {
  if (file !== ':memory:') mkdirSync(path.dirname(file), { recursive: true });
  const database = new PreparingOnce(file);
  database.exec(
    'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON',
  );
  return database;
}

/** Busy, locked, read-only, I/O error, corrupt, full, cannot be opened, not a database (https://sqlite.org/rescode.html). */
const wholeDatabase = new Set([5, 6, 8, 10, 11, 13, 14, 26]);

/** Whether a failure is about the database as a whole, and not about what was to be stored: the next one would fail alike. */
export function isAboutTheDatabase(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  // The lowest byte is the primary result code.
  return typeof errcode === 'number' && wholeDatabase.has(errcode & 0xff);
}

/** Runs `work` in one transaction: all of it or none of it. */
export function inTransaction<T>(database: Sqlite, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
