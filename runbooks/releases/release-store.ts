import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import { dataOf, finalStates, type Release, type ReleaseData, releaseOf } from './release.ts';

/** What happened, for the audit log and for people. */
export interface ReleaseEvent {
  event:
    | 'release.snapshot'
    | 'release.canary'
    | 'release.promoted'
    | 'release.rolled_back'
    | 'release.checked'
    | 'release.failed'
    | 'release.needs_person';
  data: Record<string, unknown>;
}

const columns = 'id, target, version, state, data';
const finals = finalStates.map((state) => `'${state}'`).join(', ');

/** Releases on the disk, beside the runs of runbooks. What is to be told is stored with what has happened. */
export class ReleaseStore implements Disposable {
  readonly file: string;
  readonly #database: Sqlite;

  constructor(file: string) {
    this.file = file;
    this.#database = openSqlite(file);
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS releases (
        id INTEGER PRIMARY KEY, target TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL, data TEXT NOT NULL) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS one_release_per_target ON releases (target) WHERE state NOT IN (${finals});
      CREATE TABLE IF NOT EXISTS release_events (
        id INTEGER PRIMARY KEY, release_id INTEGER NOT NULL REFERENCES releases (id), event TEXT NOT NULL, data TEXT NOT NULL,
        told INTEGER NOT NULL DEFAULT 0) STRICT;
      CREATE INDEX IF NOT EXISTS release_events_untold ON release_events (id) WHERE told = 0`);
  }

  /** Stores a new release; undefined while another one of that target is not over. */
  add(target: string, version: string, data: ReleaseData): Release | undefined {
    const found = this.#database
      .prepare(
        `INSERT INTO releases (target, version, state, data) VALUES (?, ?, 'preparing', ?)
         ON CONFLICT DO NOTHING RETURNING ${columns}`,
      )
      .get(target, version, dataOf(data));
    return found === undefined ? undefined : releaseOf(found);
  }

  /** Stores what has become of a release, together with what is to be told of it. */
  save(release: Release, events: readonly ReleaseEvent[] = []): void {
    const { id, target, version, state } = release;
    inTransaction(this.#database, () => {
      this.#database
        .prepare('UPDATE releases SET state = ?, data = ? WHERE id = ?')
        .run(state, dataOf(release), id);
      for (const { event, data } of events)
        this.#database
          .prepare('INSERT INTO release_events (release_id, event, data) VALUES (?, ?, ?)')
          .run(id, event, JSON.stringify({ release: id, target, version, ...data }));
    });
  }

  get(id: number): Release | undefined {
    const found = this.#database.prepare(`SELECT ${columns} FROM releases WHERE id = ?`).get(id);
    return found === undefined ? undefined : releaseOf(found);
  }

  /** The newest release of a target, over or not. */
  newest(target: string): Release | undefined {
    return this.list(1, target)[0];
  }

  /** Newest first. */
  list(limit: number, target?: string): Release[] {
    return this.#database
      .prepare(`SELECT ${columns} FROM releases WHERE ?1 IS NULL OR target = ?1 ORDER BY id DESC LIMIT ?2`)
      .all(target ?? null, limit)
      .map(releaseOf);
  }

  /** Those that are not over, and of each target the last one, should it be promoted: the router may have gone back from it. */
  watched(): Release[] {
    return this.#database
      .prepare(
        `SELECT ${columns} FROM releases WHERE state NOT IN (${finals})
           OR (state = 'promoted' AND id IN (SELECT max(id) FROM releases GROUP BY target)) ORDER BY id`,
      )
      .all()
      .map(releaseOf);
  }

  /** Hands over what has not been told yet, oldest first. A crash in the middle tells one thing twice, and nothing never. */
  tell(record: (event: string, data: Record<string, unknown>) => void): void {
    const untold = this.#database
      .prepare('SELECT id, event, data FROM release_events WHERE told = 0 ORDER BY id')
      .all();
    for (const { id, event, data } of untold) {
      record(String(event), JSON.parse(String(data)) as Record<string, unknown>);
      this.#database.prepare('UPDATE release_events SET told = 1 WHERE id = ?').run(id ?? null);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
