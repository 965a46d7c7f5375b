import { inTransaction, openSqlite, type Sqlite } from '../kit/sqlite.ts';
import type { AlertNotice } from './alert-notice.ts';
import { Holds } from './holds.ts';
import {
  type FinalOutcome,
  type RunRecord,
  type RunState,
  type StoredRun,
  storedRun,
  storedStep,
  toRecord,
} from './run.ts';
import type { StepResult } from './step.ts';
import { prepareStore } from './store-schema.ts';

/** A run that is about to be stored. */
export interface NewRun extends Pick<StoredRun, 'runbook' | 'actor' | 'alert' | 'fingerprint' | 'startsAt'> {
  labels: Readonly<Record<string, string>>;
  target: string | null;
  /** Runs with the same lock wait for each other. */
  lock: string;
  state: RunState;
  reason: string;
}

const runColumns = `id, runbook, actor, alert, fingerprint, starts_at AS startsAt, labels, target, lock, state, reason,
  received_at AS receivedAt, started_at AS startedAt, finished_at AS finishedAt`;

/** Alerts and runs on the disk: what is stored here survives whatever happens to the process. */
export class RunStore implements Disposable {
  readonly holds: Holds;
  readonly #database: Sqlite;

  constructor(file: string) {
    this.#database = openSqlite(file);
    prepareStore(this.#database, file);
    this.holds = new Holds(this.#database);
  }

  /** All of it or none of it; on return it is on the disk. */
  transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }

  /** Stores the state of an alert instance; returns the state that now holds. */
  noteAlert({ fingerprint, startsAt, labels, status }: AlertNotice, now: number): 'firing' | 'resolved' {
    const row = this.#database
      .prepare(
        `INSERT INTO alerts (fingerprint, starts_at, labels, received_at, status) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET status = CASE WHEN excluded.status = 'resolved' THEN 'resolved' ELSE status END
         RETURNING status`,
      )
      .get(fingerprint, startsAt, JSON.stringify(labels), now, status);
    return row?.status === 'resolved' ? 'resolved' : 'firing';
  }

  isResolved({ fingerprint, startsAt }: Pick<StoredRun, 'fingerprint' | 'startsAt'>): boolean {
    const row = this.#database
      .prepare(`SELECT 1 FROM alerts WHERE fingerprint = ? AND starts_at = ? AND status = 'resolved'`)
      .get(fingerprint, startsAt);
    return row !== undefined;
  }

  /** Stores a run; undefined when this runbook already has one for this alert instance. */
  addRun(run: NewRun, now: number): StoredRun | undefined {
    const finished = run.state === 'waiting' ? null : now;
    const row = this.#database
      .prepare(
        `INSERT INTO runs (runbook, actor, alert, fingerprint, starts_at, labels, target, lock, state, reason,
           received_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING ${runColumns}`,
      )
      .get(
        ...[run.runbook, run.actor, run.alert, run.fingerprint, run.startsAt, JSON.stringify(run.labels)],
        ...[run.target, run.lock, run.state, run.reason, now, finished],
      );
    return row === undefined ? undefined : storedRun.parse(row);
  }

  /** Runs that wait for their turn, oldest first. */
  waiting(): StoredRun[] {
    const rows = this.#database
      .prepare(`SELECT ${runColumns} FROM runs WHERE state = 'waiting' ORDER BY id`)
      .all();
    return rows.map((row) => storedRun.parse(row));
  }

  /** Takes a waiting run for `owner`; false when it is taken, or another one runs under the same lock. */
  claim(id: number, owner: string, leaseUntil: number, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET state = 'running', owner = ?, lease_until = ?, started_at = ?
         WHERE id = ? AND state = 'waiting' AND NOT EXISTS
           (SELECT 1 FROM runs other WHERE other.lock = runs.lock AND other.state = 'running')`,
      )
      .run(owner, leaseUntil, now, id);
    return changes === 1;
  }

  /** Stores a run and claims it at once; undefined when another one runs under the same lock. */
  addClaimed(run: Omit<NewRun, 'state' | 'reason'>, owner: string, leaseUntil: number, now: number) {
    return this.transaction(() => {
      const busy = this.#database
        .prepare(`SELECT 1 FROM runs WHERE lock = ? AND state = 'running'`)
        .get(run.lock);
      const added = busy ? undefined : this.addRun({ ...run, state: 'waiting', reason: '' }, now);
      return added && this.claim(added.id, owner, leaseUntil, now) ? added : undefined;
    });
  }

  /** Says that the owner is alive; false when the run has been taken from it. */
  renew(id: number, owner: string, leaseUntil: number): boolean {
    const { changes } = this.#database
      .prepare(`UPDATE runs SET lease_until = ? WHERE id = ? AND owner = ? AND state = 'running'`)
      .run(leaseUntil, id, owner);
    return changes === 1;
  }

  /** Ends a run that its owner carries out, or (owner null) one that still waits; false when it was not so. */
  finish(id: number, owner: string | null, outcome: FinalOutcome, reason: string, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET state = ?, reason = ?, finished_at = ?, lease_until = NULL
         WHERE id = ? AND state = ? AND owner IS ?`,
      )
      .run(outcome, reason, now, id, owner === null ? 'waiting' : 'running', owner);
    return changes === 1;
  }

  /** When the runbook last really started under this lock. */
  lastStart(runbook: string, lock: string): number | undefined {
    const row = this.#database
      .prepare('SELECT max(started_at) AS at FROM runs WHERE runbook = ? AND lock = ?')
      .get(runbook, lock);
    return typeof row?.at === 'number' ? row.at : undefined;
  }

  /**
   * Runs whose owner has died: they are handed off, never repeated, because a step may have taken effect.
   * `alive` are the caller's own runs, whose leases a stall of this process may have let expire.
   */
  takeInterrupted(now: number, alive: Iterable<number> = []): StoredRun[] {
    return this.transaction(() => {
      const rows = this.#database
        .prepare(
          `UPDATE runs SET state = 'handed-off', finished_at = ?, lease_until = NULL, reason =
             'interrupted: the process that ran it has ended; ' || coalesce(
               (SELECT step FROM steps WHERE run_id = runs.id AND outcome = 'running') || ' may have taken effect',
               'no step was under way')
           WHERE state = 'running' AND lease_until < ? AND id NOT IN (SELECT value FROM json_each(?))
           RETURNING ${runColumns}`,
        )
        .all(now, now, JSON.stringify([...alive]));
      const runs = rows.map((row) => storedRun.parse(row));
      const stop = this.#database.prepare(
        `UPDATE steps SET outcome = 'interrupted', finished_at = ? WHERE run_id = ? AND outcome = 'running'`,
      );
      for (const { id } of runs) stop.run(now, id);
      return runs;
    });
  }

  startStep(runId: number, position: number, step: string, now: number): void {
    this.#database
      .prepare(
        `INSERT INTO steps (run_id, position, step, outcome, started_at) VALUES (?, ?, ?, 'running', ?)`,
      )
      .run(runId, position, step, now);
  }

  finishStep(runId: number, position: number, result: StepResult, now: number): void {
    this.#database
      .prepare(
        `UPDATE steps SET outcome = ?, summary = ?, details = ?, finished_at = ?
         WHERE run_id = ? AND position = ? AND outcome = 'running'`,
      )
      .run(result.outcome, result.summary, JSON.stringify(result.details), now, runId, position);
  }

  /** Runs received since then, oldest first; of very many the newest. */
  runs(since: number, limit = 1000): RunRecord[] {
    const rows = this.#database
      .prepare(`SELECT ${runColumns} FROM runs WHERE received_at >= ? ORDER BY id DESC LIMIT ?`)
      .all(since, limit);
    return rows.map((row) => this.#record(storedRun.parse(row))).toReversed();
  }

  run(id: number): RunRecord | undefined {
    const row = this.#database.prepare(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id);
    return row === undefined ? undefined : this.#record(storedRun.parse(row));
  }

  #record(run: StoredRun): RunRecord {
    const steps = this.#database
      .prepare(
        `SELECT step, outcome, summary, details, started_at AS startedAt, finished_at AS finishedAt
         FROM steps WHERE run_id = ? ORDER BY position`,
      )
      .all(run.id);
    return toRecord(
      run,
      steps.map((step) => storedStep.parse(step)),
    );
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
