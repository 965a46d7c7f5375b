import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { openSqlite } from '../../kit/sqlite.ts';
import { waitFor } from '../../kit/wait.ts';
import type { SnapshotSet } from './set.ts';

/** The longest operation is a rollback of some gigabytes; who waits longer should look what is going on. */
const patienceMs = 30_000;

/**
 * One process at a time works on a set. The lock is SQLite's write lock, because the kernel lets go of it the moment
 * its holder is gone, SIGKILL included: no lock file is ever left behind.
 */
export async function lockStore(set: SnapshotSet, clock: Clock, signal?: AbortSignal): Promise<Disposable> {
  // Configuration holds secrets: the copies are for their owner only.
  mkdirSync(set.store, { recursive: true, mode: 0o700 });
  const database = openSqlite(path.join(set.store, 'lock.sqlite'));
  // Waiting is done below, where it does not stop the whole process.
  database.exec('PRAGMA busy_timeout = 0');
  const tryLock = () => {
    database.exec('BEGIN IMMEDIATE');
    return true;
  };
  try {
    await waitFor(tryLock, {
      what: `the snapshot set "${set.name}", which another process is working on,`,
      timeoutMs: patienceMs,
      signal,
      clock,
    });
  } catch (error) {
    database.close();
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}
