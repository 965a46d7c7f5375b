import { UnavailableError } from '../kit/errors.ts';
import { inTransaction, type Sqlite } from '../kit/sqlite.ts';

const version = 1;

const tables = `
  -- An alert instance, once, however often it is delivered. Resolved is final: a late "firing" does not revive it.
  CREATE TABLE alerts (
    fingerprint TEXT NOT NULL, starts_at INTEGER NOT NULL, labels TEXT NOT NULL, received_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('firing', 'resolved')),
    PRIMARY KEY (fingerprint, starts_at)) STRICT;
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY, runbook TEXT NOT NULL, actor TEXT NOT NULL, alert TEXT, fingerprint TEXT NOT NULL,
    starts_at INTEGER NOT NULL, labels TEXT NOT NULL, target TEXT, lock TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'refused', 'held', 'handed-off')),
    reason TEXT NOT NULL DEFAULT '', received_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER,
    owner TEXT, lease_until INTEGER,
    UNIQUE (runbook, fingerprint, starts_at)) STRICT;
  -- One run at a time on a target, whichever process it is in.
  CREATE UNIQUE INDEX one_run_per_lock ON runs (lock) WHERE state = 'running';
  CREATE INDEX runs_waiting ON runs (id) WHERE state = 'waiting';
  CREATE INDEX runs_received ON runs (received_at);
  CREATE TABLE steps (
    run_id INTEGER NOT NULL REFERENCES runs (id), position INTEGER NOT NULL, step TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'refused', 'interrupted')),
    summary TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}',
    started_at INTEGER NOT NULL, finished_at INTEGER,
    PRIMARY KEY (run_id, position)) STRICT;`;

/** Makes the tables in a new database; refuses one that a later version has written. */
export function prepareStore(database: Sqlite, file: string): void {
  inTransaction(database, () => {
    const found = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    if (found === version) return;
    if (found !== 0)
      throw new UnavailableError('runbook.store-version', `${file} is of version ${found}, not ${version}`, {
        mend: 'Use the version of andon that wrote it, or set runbooks.store to another file.',
      });
    database.exec(`${tables} PRAGMA user_version = ${version}`);
  });
}
