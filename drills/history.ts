import path from 'node:path';
import { openSqlite, type Sqlite } from '../kit/sqlite.ts';
import type { Report } from './report/schema.ts';

/** One past run, as `andon drill history` lists it. */
export interface PastRun {
  id: string;
  drill: string;
  startedAt: string;
  /** Null while it runs, and for ever when its runner died. */
  verdict: Report['verdict'] | null;
  score: number | null;
  /** The folder of the run's files. */
  dir: string;
}

const table = `CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY, drill TEXT NOT NULL, started_at TEXT NOT NULL, verdict TEXT, score REAL, dir TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0) STRICT`;
const columns = 'id, drill, started_at AS startedAt, verdict, score, dir';

/** What has been rehearsed here, and how it went. */
export class History implements Disposable {
  readonly #database: Sqlite;

  constructor(home: string) {
    this.#database = openSqlite(path.join(home, 'history.sqlite'));
    this.#database.exec(table);
  }

  begin({ id, drill, startedAt, dir }: Pick<PastRun, 'id' | 'drill' | 'startedAt' | 'dir'>): void {
    this.#database
      .prepare('INSERT INTO runs (id, drill, started_at, dir) VALUES (?, ?, ?, ?)')
      .run(id, drill, startedAt, dir);
  }

  finish({ run, verdict, score }: Report): void {
    this.#database.prepare('UPDATE runs SET verdict = ?, score = ? WHERE id = ?').run(verdict, score, run.id);
  }

  /** Newest first. */
  all(): PastRun[] {
    return this.#select('ORDER BY started_at DESC');
  }

  /** Runs without an end that nobody has been told about yet. */
  unfinished(): PastRun[] {
    return this.#select('WHERE verdict IS NULL AND told = 0 ORDER BY started_at');
  }

  /** Remembers that the user has been told how this run ended. */
  tell(id: string): void {
    this.#database.prepare('UPDATE runs SET told = 1 WHERE id = ?').run(id);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #select(tail: string): PastRun[] {
    return this.#database.prepare(`SELECT ${columns} FROM runs ${tail}`).all() as unknown as PastRun[];
  }
}
