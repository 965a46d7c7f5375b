import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import type { Caller } from '../settings.ts';

/** pending = to be forwarded; parked = waits until the MES is back; done; dead = the MES refused it; dropped = weakened. */
export type EntryState = 'pending' | 'parked' | 'done' | 'dead' | 'dropped';

/** What a terminal handed over: a report or a command, to be posted to `path` under its idempotency key. */
export interface NewEntry {
  key: string;
  source: string;
  path: string;
  body: Record<string, unknown>;
  caller: Caller;
  /** The trace that it came with (W3C Trace Context), which its forwarding carries on. */
  traceparent?: string | undefined;
}

/** An entry that waits to be forwarded. */
export interface WaitingEntry extends NewEntry {
  id: number;
  attempts: number;
  /** Not to be tried again before this moment, in milliseconds since the epoch. */
  nextAt: number;
  /** It waited out an outage. */
  recovered: boolean;
}

const schema = `
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, source TEXT NOT NULL, path TEXT NOT NULL,
  body TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0, recovered INTEGER NOT NULL DEFAULT 0,
  answer TEXT, created_at INTEGER NOT NULL, settled_at INTEGER
);
CREATE INDEX IF NOT EXISTS entries_waiting ON entries (source, id) WHERE state IN ('pending', 'parked');
CREATE INDEX IF NOT EXISTS entries_settled ON entries (settled_at) WHERE settled_at IS NOT NULL;
`;

/** The gateway's memory on disk: what is in it was acknowledged, and what waits in it will be forwarded. */
export class Journal implements Disposable {
  readonly database: Sqlite;

  constructor(file: string) {
    this.database = openSqlite(file);
    this.database.exec(schema);
    this.#addTraceparent();
  }

  /** A journal of an earlier version has no such column, and what waits in it must not be lost. */
  #addTraceparent(): void {
    const columns = this.database.prepare('PRAGMA table_info(entries)').all();
    if (columns.some(({ name }) => name === 'traceparent')) return;
    this.database.exec('ALTER TABLE entries ADD COLUMN traceparent TEXT');
  }

  /** On the disk when it returns. False when this key was here before: then nothing changes. */
  add({ key, source, path, body, caller, traceparent }: NewEntry, now: number): boolean {
    const { changes } = this.database
      .prepare(
        `INSERT INTO entries (key, source, path, body, actor, role, created_at, traceparent)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
      )
      .run(key, source, path, JSON.stringify(body), caller.actor, caller.role, now, traceparent ?? null);
    return changes > 0;
  }

  /** The oldest entry of a source that waits. */
  head(source: string): WaitingEntry | undefined {
    const row = this.database
      .prepare(
        `SELECT id, key, source, path, body, actor, role, attempts, next_at AS nextAt, recovered,
           traceparent
         FROM entries WHERE source = ? AND state IN ('pending', 'parked') ORDER BY id LIMIT 1`,
      )
      .get(source) as unknown as StoredEntry | undefined;
    if (row === undefined) return undefined;
    const { body, actor, role, recovered, traceparent, ...rest } = row;
    return {
      ...rest,
      body: JSON.parse(body),
      caller: { actor, role },
      recovered: recovered === 1,
      traceparent: traceparent ?? undefined,
    };
  }

  /** The sources for which something waits, as after a restart. */
  waitingSources(): string[] {
    const rows = this.database
      .prepare("SELECT DISTINCT source FROM entries WHERE state IN ('pending', 'parked')")
      .all() as { source: string }[];
    return rows.map(({ source }) => source);
  }

  waits(source: string): boolean {
    return this.head(source) !== undefined;
  }

  /** The attempt failed; the next is due at `nextAt`. */
  postpone(id: number, nextAt: number): void {
    this.database
      .prepare('UPDATE entries SET attempts = attempts + 1, next_at = ? WHERE id = ?')
      .run(nextAt, id);
  }

  /** Everything of the source waits for the MES to be back. */
  park(source: string): void {
    this.database
      .prepare("UPDATE entries SET state = 'parked' WHERE source = ? AND state = 'pending'")
      .run(source);
  }

  /** The MES is back: all that waited meanwhile goes out again, marked as recovered, with fresh attempts. */
  unpark(source: string): void {
    this.database
      .prepare(
        `UPDATE entries SET state = 'pending', recovered = 1, attempts = 0, next_at = 0
         WHERE source = ? AND state IN ('pending', 'parked')`,
      )
      .run(source);
  }

  settle(id: number, state: 'done' | 'dead' | 'dropped', answer: string, now: number): void {
    this.database
      .prepare('UPDATE entries SET state = ?, answer = ?, settled_at = ? WHERE id = ?')
      .run(state, answer.slice(0, 500), now, id);
  }

  counts(): Record<EntryState, number> {
    const rows = this.database
      .prepare('SELECT state, count(*) AS count FROM entries GROUP BY state')
      .all() as {
      state: EntryState;
      count: number;
    }[];
    const none = { pending: 0, parked: 0, done: 0, dead: 0, dropped: 0 };
    return { ...none, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
  }

  /** Entries that have failed at least once and go out again: they may have been applied, with only the answer lost. */
  retrying(): number {
    const row = this.database
      .prepare(
        "SELECT count(*) AS count FROM entries WHERE state = 'pending' AND (attempts > 0 OR recovered = 1)",
      )
      .get() as { count: number };
    return row.count;
  }

  /** Forgets what was forwarded before a moment. What is dead stays, for a person to look at. */
  forgetDone(before: number): void {
    inTransaction(this.database, () =>
      this.database.prepare("DELETE FROM entries WHERE state = 'done' AND settled_at < ?").run(before),
    );
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

interface StoredEntry extends Omit<WaitingEntry, 'body' | 'caller' | 'recovered' | 'traceparent'> {
  body: string;
  actor: string;
  role: Caller['role'];
  recovered: number;
  traceparent: string | null;
}
