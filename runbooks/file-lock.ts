import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../kit/clock.ts';
import { openSqlite, type Sqlite } from '../kit/sqlite.ts';
import { waitFor } from '../kit/wait.ts';

export interface FileLockOptions {
  /** What is locked, for whoever has waited too long: `the snapshot set "x", which another process is working on,`. */
  what: string;
  /** The longest wait; 0 for one try. */
  patienceMs: number;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/**
 * One process at a time. The lock is SQLite's write lock, because the kernel lets go of it the moment its holder is gone, SIGKILL
 * included: no lock file is ever left behind. Its folder is made, for its owner only.
 */
export async function lockFile(
  file: string,
  { what, patienceMs, clock, signal }: FileLockOptions,
): Promise<Disposable> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const database = opened(file);
  const tryLock = () => {
    database.exec('BEGIN IMMEDIATE');
    return true;
  };
  try {
    await waitFor(tryLock, { what, timeoutMs: patienceMs, signal, clock });
  } catch (error) {
    database.close();
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** Whether somebody holds it at this moment. */
export function isFileLocked(file: string): boolean {
  if (!existsSync(file)) return false;
  const database = opened(file);
  try {
    database.exec('BEGIN IMMEDIATE');
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return true;
    throw error;
  } finally {
    database.close();
  }
}

/** SQLITE_BUSY: another one is writing. */
const busy = 5;

function opened(file: string): Sqlite {
  const database = openSqlite(file);
  // Whoever waits does so where it does not stop the whole process.
  database.exec('PRAGMA busy_timeout = 0');
  return database;
}
