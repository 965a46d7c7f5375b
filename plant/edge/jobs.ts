import type { Sqlite } from '../../kit/sqlite.ts';
import { type Command, transitionFor } from '../mes/transitions.ts';
import { type JobOrder, jobOrderSchema } from '../mes-api.ts';

/**
 * The order of each unit as last known: what the MES said, carried forward by what the terminals have handed over
 * since. It is on disk, so that a line can work on after a restart without the MES.
 */
export class Jobs {
  readonly #database: Sqlite;
  readonly #touched = new Map<string, number>();
  #moment = 0;

  constructor(database: Sqlite) {
    this.#database = database;
    database.exec('CREATE TABLE IF NOT EXISTS jobs (unit TEXT PRIMARY KEY, job TEXT NOT NULL)');
  }

  get(unit: string): JobOrder | undefined {
    const row = this.#database.prepare('SELECT job FROM jobs WHERE unit = ?').get(unit);
    return row === undefined ? undefined : jobOrderSchema.parse(JSON.parse(String(row.job)));
  }

  unitOf(orderId: string): string | undefined {
    const row = this.#database.prepare("SELECT unit FROM jobs WHERE job ->> 'id' = ?").get(orderId);
    return row === undefined ? undefined : String(row.unit);
  }

  /** A command was handed over: the order is expected to follow the transition table. */
  commanded(unit: string, orderId: string, command: Command): void {
    this.#change(unit, orderId, (job) => {
      const transition = transitionFor(command, job.state);
      if (transition === undefined) return job;
      if (transition.unit === 'frees') return undefined;
      return { ...job, state: transition.to, version: job.version + 1 };
    });
  }

  /** A piece was reported. */
  reported(unit: string, orderId: string): void {
    this.#change(unit, orderId, (job) => ({ ...job, reported: job.reported + 1 }));
  }

  /** Before the MES is asked: `seen` says with this moment what it may still overwrite. */
  moment(): number {
    return this.#moment;
  }

  /** Something of this unit was settled: an answer that was asked for earlier is no longer the newest. */
  touch(unit: string): void {
    this.#moment += 1;
    this.#touched.set(unit, this.#moment);
  }

  /** What the MES said for a unit, asked at `moment`; it counts only if nothing has happened at the unit since. */
  seen(unit: string, job: JobOrder | undefined, moment: number): void {
    if ((this.#touched.get(unit) ?? 0) <= moment) this.#store(unit, job);
  }

  #change(unit: string, orderId: string, change: (job: JobOrder) => JobOrder | undefined): void {
    this.touch(unit);
    const job = this.get(unit);
    if (job?.id === orderId) this.#store(unit, change(job));
  }

  #store(unit: string, job: JobOrder | undefined): void {
    const known = this.#database.prepare('SELECT job FROM jobs WHERE unit = ?').get(unit);
    const text = job === undefined ? undefined : JSON.stringify(job);
    // Asked every second, and mostly nothing is new: the disk is spared.
    if (known?.job === text) return;
    if (text === undefined) this.#database.prepare('DELETE FROM jobs WHERE unit = ?').run(unit);
    else
      this.#database
        .prepare(
          'INSERT INTO jobs (unit, job) VALUES (?, ?) ON CONFLICT (unit) DO UPDATE SET job = excluded.job',
        )
        .run(unit, text);
  }
}
