import type { Sqlite } from '../../kit/sqlite.ts';
import type { StepResult } from '../step.ts';
import { type StoredStep, storedStep } from './run.ts';

/** Which attempt at which step: together they are its name within a run. Positions count from 0. */
export interface Attempt {
  position: number;
  phase: 'do' | 'undo';
  attempt: number;
}

/** The steps of runs on the disk: each attempt is there before it acts, so that a crash never leaves an act that nobody knows of. */
export class StepRecords {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** False when the run is no longer `owner`'s: whoever was taken for dead does not act any more. */
  start(
    { runId, owner }: { runId: number; owner: string },
    { position, phase, attempt }: Attempt,
    step: string,
    now: number,
  ): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO steps (run_id, position, phase, attempt, step, outcome, started_at)
         SELECT id, ?, ?, ?, ?, 'running', ? FROM runs WHERE id = ? AND owner = ? AND state = 'running'`,
      )
      .run(position, phase, attempt, step, now, runId, owner);
    return changes === 1;
  }

  finish(runId: number, { position, phase, attempt }: Attempt, result: StepResult, now: number): void {
    const { outcome, summary, touched, details } = result;
    this.#database
      .prepare(
        `UPDATE steps SET outcome = ?, summary = ?, touched = ?, details = ?, finished_at = ?
         WHERE run_id = ? AND position = ? AND phase = ? AND attempt = ? AND outcome = 'running'`,
      )
      .run(outcome, summary, touched, JSON.stringify(details), now, runId, position, phase, attempt);
  }

  /** The process that was in the middle of them has died. */
  interrupt(runId: number, now: number): void {
    this.#database
      .prepare(
        `UPDATE steps SET outcome = 'interrupted', summary = 'the process that carried it out has ended', finished_at = ?
         WHERE run_id = ? AND outcome = 'running'`,
      )
      .run(now, runId);
  }

  /** All attempts of a run, in the order in which they were begun. */
  of(runId: number): StoredStep[] {
    const rows = this.#database
      .prepare(
        `SELECT step, position, phase, attempt, outcome, touched, summary, details, started_at AS startedAt,
           finished_at AS finishedAt FROM steps WHERE run_id = ? ORDER BY id`,
      )
      .all(runId);
    return rows.map((row) => storedStep.parse(row));
  }
}
