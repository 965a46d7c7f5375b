import { randomBytes } from 'node:crypto';
import { UnavailableError } from '../../kit/errors.ts';
import { inTransaction, type Sqlite } from '../../kit/sqlite.ts';

const version = 3;

const runsTable = (name: string) => `
  CREATE TABLE ${name} (
    id INTEGER PRIMARY KEY, runbook TEXT NOT NULL, runbook_hash TEXT NOT NULL, actor TEXT NOT NULL, alert TEXT,
    fingerprint TEXT NOT NULL, starts_at INTEGER NOT NULL, labels TEXT NOT NULL, inputs TEXT NOT NULL, target TEXT,
    locks TEXT NOT NULL, mode TEXT NOT NULL, trust TEXT NOT NULL, plan TEXT NOT NULL, plan_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('awaiting-approval', 'waiting', 'running', 'succeeded', 'not-needed', 'failed',
      'refused', 'held', 'compensated', 'handed-off')),
    reason TEXT NOT NULL DEFAULT '', failure TEXT, received_at INTEGER NOT NULL, ready_at INTEGER NOT NULL,
    started_at INTEGER, turned_back_at INTEGER, verified_at INTEGER, finished_at INTEGER, owner TEXT, lease_until INTEGER,
    need TEXT, once_needed TEXT,
    UNIQUE (runbook, fingerprint, starts_at)) STRICT;`;

const tables = `
  -- Operations of this store are named after it: another store counts its runs from 1 as well.
  CREATE TABLE identity (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL) STRICT;
  -- An alert instance, once, however often it is delivered. Resolved is final: a late "firing" does not revive it.
  CREATE TABLE alerts (
    fingerprint TEXT NOT NULL, starts_at INTEGER NOT NULL, labels TEXT NOT NULL, received_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('firing', 'resolved')),
    PRIMARY KEY (fingerprint, starts_at)) STRICT;
  ${runsTable('runs')}
  -- One run at a time on a target, whichever process it is in, and as long as it has not ended: also while nobody carries it out.
  CREATE TABLE locks (lock TEXT PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs (id)) STRICT;
  CREATE TABLE steps (
    id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs (id), position INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('do', 'undo')), attempt INTEGER NOT NULL, step TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'refused', 'interrupted')),
    touched INTEGER, summary TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}',
    started_at INTEGER NOT NULL, finished_at INTEGER,
    UNIQUE (run_id, position, phase, attempt)) STRICT;
  -- What a person is asked: position 0 is the whole run, else the step that asks.
  CREATE TABLE approvals (
    run_id INTEGER NOT NULL REFERENCES runs (id), position INTEGER NOT NULL, question TEXT NOT NULL, plan_hash TEXT NOT NULL,
    requester TEXT NOT NULL, roles TEXT NOT NULL, requested_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    decision TEXT CHECK (decision IN ('approved', 'rejected', 'expired')), decided_by TEXT, decided_at INTEGER,
    PRIMARY KEY (run_id, position)) STRICT;
  -- While a drill rehearses a runbook it may act, for that is how it is proven.
  CREATE TABLE rehearsals (runbook TEXT NOT NULL, holder TEXT NOT NULL, begun_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, production TEXT NOT NULL, targets TEXT,
    PRIMARY KEY (runbook, holder)) STRICT;
  -- How each drill of a runbook ended, for the very text that it ran.
  CREATE TABLE proofs (runbook TEXT NOT NULL, drill_run TEXT NOT NULL, runbook_hash TEXT NOT NULL, drill TEXT NOT NULL,
    passed INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (runbook, drill_run)) STRICT;
  -- What people are to be told, once each, until it is taken.
  CREATE TABLE messages (
    key TEXT PRIMARY KEY, run_id INTEGER NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL, sent_at INTEGER, problem TEXT) STRICT;
  CREATE INDEX messages_due ON messages (next_at) WHERE sent_at IS NULL;`;

/** What makes questions cheap; added to a store that was made without it. */
const indexes = `
  CREATE INDEX IF NOT EXISTS runs_open ON runs (state, id) WHERE state IN ('awaiting-approval', 'waiting', 'running');
  CREATE INDEX IF NOT EXISTS runs_received ON runs (received_at);
  CREATE INDEX IF NOT EXISTS runs_started ON runs (runbook, started_at) WHERE started_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS runs_in_line ON runs (locks, ready_at, id) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS runs_waiting_since ON runs (ready_at, id) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS runs_waiting_for ON runs (fingerprint, starts_at) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS runs_of_target ON runs (target, id);
  CREATE INDEX IF NOT EXISTS approvals_open ON approvals (expires_at) WHERE decision IS NULL;`;

/** Makes the tables in a new database, brings those of version 2 up to date, and refuses one that another version has written. */
export function prepareStore(database: Sqlite, file: string): void {
  // SQLite changes a constraint only by making the table anew, and meanwhile what refers to it must not notice.
  database.exec('PRAGMA foreign_keys = OFF');
  try {
    inTransaction(database, () => {
      const found = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
      if (found === 0) createTables(database);
      else if (found === 2) upgradeTables(database);
      else if (found !== version)
        throw new UnavailableError(
          'runbook.store-version',
          `${file} is of version ${found}, not ${version}`,
          {
            mend: 'Use the version of andon that wrote it, or set runbooks.store to another file.',
          },
        );
      database.exec(`${indexes} PRAGMA user_version = ${version}`);
    });
  } finally {
    database.exec('PRAGMA foreign_keys = ON');
  }
}

function createTables(database: Sqlite): void {
  database.exec(tables);
  database.prepare('INSERT INTO identity VALUES (1, ?)').run(randomBytes(4).toString('hex'));
}

const columns2 = `id, runbook, runbook_hash, actor, alert, fingerprint, starts_at, labels, inputs, target, locks, mode, trust, plan,
  plan_hash, state, reason, failure, received_at, ready_at, started_at, turned_back_at, verified_at, finished_at, owner, lease_until`;

function upgradeTables(database: Sqlite): void {
  database.exec(`${runsTable('runs_3')}
    INSERT INTO runs_3 (${columns2}) SELECT ${columns2} FROM runs;
    DROP TABLE runs;
    ALTER TABLE runs_3 RENAME TO runs;
    ALTER TABLE rehearsals ADD COLUMN targets TEXT;`);
}
