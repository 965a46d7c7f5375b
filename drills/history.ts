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
  /** The andon.yaml it was held with: the lab's is not the plant's. Null in runs of older versions. */
  configFile: string | null;
}

const table = `CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY, drill TEXT NOT NULL, started_at TEXT NOT NULL, verdict TEXT, score REAL, dir TEXT NOT NULL,
  told INTEGER NOT NULL DEFAULT 0, config_file TEXT) STRICT`;
/** Tables of older versions know nothing of the configuration. */
const addConfigFile = 'ALTER TABLE runs ADD COLUMN config_file TEXT';
const columns = 'id, drill, started_at AS startedAt, verdict, score, dir, config_file AS configFile';

/** What has been rehearsed here, and how it went. */
export class History implements Disposable {
  readonly #database: Sqlite;

  constructor(home: string) {
    this.#database = openSqlite(path.join(home, 'history.sqlite'));
    this.#database.exec(table);
    const known = this.#database
      .prepare("SELECT 1 FROM pragma_table_info('runs') WHERE name = 'config_file'")
      .get();
    if (known === undefined) this.#database.exec(addConfigFile);
  }

  begin({ id, drill, startedAt, dir, configFile }: Omit<PastRun, 'verdict' | 'score'>): void {
    this.#database
      .prepare('INSERT INTO runs (id, drill, started_at, dir, config_file) VALUES (?, ?, ?, ?, ?)')
      .run(id, drill, startedAt, dir, configFile);
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
