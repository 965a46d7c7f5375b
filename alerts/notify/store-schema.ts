import { UnavailableError } from '../../kit/errors.ts';
import { inTransaction, type Sqlite } from '../../kit/sqlite.ts';

const version = 1;

/** Times are Unix milliseconds. */
const tables = `
  -- One alert from its start to its end. \`firing\` and \`resolved\` are what was told of it, as JSON; NULL: not heard yet.
  -- \`round\` counts how often it has come back with the same start.
  CREATE TABLE occurrences (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('alert', 'heartbeat')),
    fingerprint TEXT NOT NULL, starts_at INTEGER NOT NULL, tier TEXT NOT NULL CHECK (tier IN ('A', 'B', 'C')),
    round INTEGER NOT NULL DEFAULT 0,
    firing TEXT, resolved TEXT, resolved_at INTEGER, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    ack_token TEXT UNIQUE, acknowledged_at INTEGER, acknowledged_by TEXT,
    UNIQUE (fingerprint, starts_at, round)) STRICT;
  CREATE INDEX occurrences_seen ON occurrences (last_seen);
  -- One thing that one receiver is to be told of one occurrence, once. \`step\` tells escalations apart; else 0.
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, tier TEXT NOT NULL,
    occurrence_id INTEGER NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    event TEXT NOT NULL, step INTEGER NOT NULL, omitted INTEGER NOT NULL, queued_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'composed', 'sent', 'dead')),
    message_id TEXT, reason TEXT NOT NULL DEFAULT '', ended_at INTEGER,
    UNIQUE (occurrence_id, receiver, event, step)) STRICT;
  CREATE INDEX deliveries_waiting ON deliveries (receiver, tier, occurrence_id, id) WHERE state = 'waiting';
  CREATE INDEX deliveries_pending ON deliveries (receiver, queued_at) WHERE state IN ('waiting', 'composed');
  CREATE INDEX deliveries_dead ON deliveries (receiver, id) WHERE state = 'dead';
  CREATE INDEX deliveries_message ON deliveries (message_id);
  -- Deliveries that are sent together; their number never changes, so that a receiver can tell a repetition by the id.
  CREATE TABLE messages (
    id TEXT PRIMARY KEY, receiver TEXT NOT NULL, tier TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sending', 'waiting', 'sent', 'dead')),
    attempts INTEGER NOT NULL, created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT '') STRICT;
  CREATE INDEX messages_due ON messages (receiver, tier, created_at) WHERE state IN ('sending', 'waiting');
  CREATE INDEX messages_created ON messages (created_at);
  -- Attempts of the last while, for the receiver's limit.
  CREATE TABLE attempts (receiver TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE INDEX attempts_at ON attempts (receiver, at);
  CREATE TABLE pauses (receiver TEXT PRIMARY KEY, failures INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
  CREATE TABLE escalations (
    occurrence_id INTEGER NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (occurrence_id, receiver, due_at)) STRICT;
  CREATE INDEX escalations_due ON escalations (due_at);
  CREATE TABLE counters (name TEXT NOT NULL, label TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (name, label)) STRICT;
  CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;`;

/** Makes the tables in a new database; refuses one that a later version has written. */
export function prepareNotifyStore(database: Sqlite, file: string): void {
  inTransaction(database, () => {
    const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    if (found === version) return;
    if (found !== 0)
      throw new UnavailableError('notify.store-version', `${file} is of version ${found}, not ${version}`, {
        mend: 'Use the version of andon that wrote it, or set notify.store to another file.',
      });
    database.exec(`${tables} PRAGMA user_version = ${version}`);
  });
}
