import { inTransaction, openSqlite, type Sqlite } from '../../kit/sqlite.ts';
import { Alerts } from './alerts.ts';
import { Approvals } from './approvals.ts';
import { DiskTurns } from './disk-turns.ts';
import { Holds } from './holds.ts';
import { KnownCrons } from './known-crons.ts';
import { Messages } from './messages.ts';
import { Proofs } from './proofs.ts';
import {
  type Failure,
  type FinalOutcome,
  type Need,
  type RunRecord,
  runColumns,
  type StoredRun,
  storedRun,
  toRecord,
} from './run.ts';
import { RunQueries } from './run-queries.ts';
import { Sessions } from './sessions.ts';
import { StepRecords } from './step-records.ts';
import { prepareStore } from './store-schema.ts';
import { UsedSignatures } from './used-signatures.ts';

/** A run that is about to be stored. */
export type NewRun = Omit<
  StoredRun,
  | 'id'
  | 'need'
  | 'failure'
  | 'receivedAt'
  | 'readyAt'
  | 'startedAt'
  | 'turnedBackAt'
  | 'verifiedAt'
  | 'finishedAt'
>;

const openStates = ['awaiting-approval', 'waiting', 'running'];

/** Alerts and runs on the disk: what is stored here survives whatever happens to the process. */
export class RunStore implements Disposable {
  readonly holds: Holds;
  readonly alerts: Alerts;
  readonly crons: KnownCrons;
  readonly approvals: Approvals;
  readonly proofs: Proofs;
  readonly messages: Messages;
  readonly steps: StepRecords;
  readonly sessions: Sessions;
  readonly signatures: UsedSignatures;
  /** What is looked at without being changed. */
  readonly look: RunQueries;
  /** Who may write next, among all runs of this process. */
  readonly turns = new DiskTurns();
  /** A name of this store that no other one has. */
  readonly name: string;
  readonly #database: Sqlite;

  constructor(file: string) {
    this.#database = openSqlite(file);
    // A checkpoint keeps requests waiting: fewer and longer ones keep fewer of them. The file beside the store grows to 32 MB.
    this.#database.exec('PRAGMA wal_autocheckpoint = 8000');
    prepareStore(this.#database, file);
    this.holds = new Holds(this.#database);
    this.alerts = new Alerts(this.#database);
    this.crons = new KnownCrons(this.#database);
    this.approvals = new Approvals(this.#database);
    this.proofs = new Proofs(this.#database);
    this.messages = new Messages(this.#database);
    this.steps = new StepRecords(this.#database);
    this.sessions = new Sessions(this.#database);
    this.signatures = new UsedSignatures(this.#database);
    this.look = new RunQueries(this.#database);
    this.name = String(this.#database.prepare('SELECT name FROM identity').get()?.name);
  }

  /** All of it or none of it; on return it is on the disk. Not to be nested. */
  transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }

  /** Stores a run; undefined when this runbook already has one for this alert instance. */
  addRun(run: NewRun, now: number): StoredRun | undefined {
    const finished = openStates.includes(run.state) ? null : now;
    const row = this.#database
      .prepare(
        `INSERT INTO runs (runbook, runbook_hash, actor, alert, fingerprint, starts_at, labels, inputs, target, locks, mode,
           trust, plan, plan_hash, state, reason, once_needed, received_at, ready_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING ${runColumns}`,
      )
      .get(
        ...[run.runbook, run.runbookHash, run.actor, run.alert, run.fingerprint, run.startsAt],
        ...[JSON.stringify(run.labels), JSON.stringify(run.inputs), run.target, JSON.stringify(run.locks)],
        ...[run.mode, run.trust, run.plan, run.planHash, run.state, run.reason],
        ...[run.onceNeeded && JSON.stringify(run.onceNeeded), now, now, finished],
      );
    return row === undefined ? undefined : storedRun.parse(row);
  }

  /** A person has agreed: the run waits for its turn. */
  makeReady(id: number, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET state = 'waiting', reason = '', ready_at = ? WHERE id = ? AND state = 'awaiting-approval'`,
      )
      .run(now, id);
    return changes === 1;
  }

  /** Takes a waiting run and all its locks for `owner`, or nothing: when it is taken, or another run holds one of its locks. */
  claim(
    { id, locks }: Pick<StoredRun, 'id' | 'locks'>,
    owner: string,
    leaseUntil: number,
    now: number,
  ): StoredRun | undefined {
    return this.transaction(() => {
      const list = JSON.stringify(locks);
      const taken = this.#database
        .prepare('SELECT 1 FROM locks WHERE lock IN (SELECT value FROM json_each(?))')
        .get(list);
      if (taken !== undefined) return undefined;
      const row = this.#database
        .prepare(
          `UPDATE runs SET state = 'running', owner = ?, lease_until = ?, started_at = ?
           WHERE id = ? AND state = 'waiting' RETURNING ${runColumns}`,
        )
        .get(owner, leaseUntil, now, id);
      if (row === undefined) return undefined;
      this.#database.prepare('INSERT INTO locks SELECT value, ? FROM json_each(?)').run(id, list);
      return storedRun.parse(row);
    });
  }

  /** Says that the owner is alive; false when the run has been taken from it. */
  renew(id: number, owner: string, leaseUntil: number): boolean {
    const { changes } = this.#database
      .prepare(`UPDATE runs SET lease_until = ? WHERE id = ? AND owner = ? AND state = 'running'`)
      .run(leaseUntil, id, owner);
    return changes === 1;
  }

  /**
   * Takes the runs whose owner has died, so that `owner` carries them on; the step that was under way says `interrupted`.
   * `alive` are the caller's own runs, whose leases a stall of this process may have let expire.
   */
  takeOver(owner: string, leaseUntil: number, now: number, alive: Iterable<number> = []): StoredRun[] {
    return this.transaction(() => {
      const rows = this.#database
        .prepare(
          `UPDATE runs SET owner = ?, lease_until = ?
           WHERE state = 'running' AND lease_until < ? AND id NOT IN (SELECT value FROM json_each(?))
           RETURNING ${runColumns}`,
        )
        .all(owner, leaseUntil, now, JSON.stringify([...alive]));
      const runs = rows.map((row) => storedRun.parse(row));
      for (const { id } of runs) this.steps.interrupt(id, now);
      return runs;
    });
  }

  /** What the run's conditions have said, once for all; false when it is no longer `owner`'s. */
  noteNeed(id: number, owner: string, need: Need): boolean {
    const { changes } = this.#database
      .prepare(`UPDATE runs SET need = ? WHERE id = ? AND owner = ? AND state = 'running' AND need IS NULL`)
      .run(JSON.stringify(need), id, owner);
    return changes === 1;
  }

  /** There is something to do, and people decide: the run leaves its turn to others until they have. In a transaction. */
  awaitApproval(id: number, owner: string, reason: string): StoredRun | undefined {
    const row = this.#database
      .prepare(
        `UPDATE runs SET state = 'awaiting-approval', reason = ?, once_needed = NULL, owner = NULL, lease_until = NULL,
           started_at = NULL WHERE id = ? AND owner = ? AND state = 'running' RETURNING ${runColumns}`,
      )
      .get(reason, id, owner);
    if (row === undefined) return undefined;
    this.#database.prepare('DELETE FROM locks WHERE run_id = ?').run(id);
    return storedRun.parse(row);
  }

  /** From here on the run only takes back what it has done. */
  turnBack(id: number, owner: string, failure: Failure, now: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET failure = ?, turned_back_at = ?
         WHERE id = ? AND owner = ? AND state = 'running' AND failure IS NULL`,
      )
      .run(JSON.stringify(failure), now, id, owner);
    return changes === 1;
  }

  /** Ends a run that its owner carries out, or (owner null) one that still waits; false when it was not so. */
  finish(
    id: number,
    owner: string | null,
    { outcome, reason }: { outcome: FinalOutcome; reason: string },
    now: number,
  ): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE runs SET state = ?1, reason = ?2, finished_at = ?3, lease_until = NULL,
           verified_at = CASE WHEN ?1 = 'succeeded' THEN ?3 END
         WHERE id = ?4 AND owner IS ?5 AND state IN ('running', CASE WHEN ?5 IS NULL THEN 'waiting' END,
           CASE WHEN ?5 IS NULL THEN 'awaiting-approval' END)`,
      )
      .run(outcome, reason, now, id, owner);
    if (changes === 1) this.#database.prepare('DELETE FROM locks WHERE run_id = ?').run(id);
    return changes === 1;
  }

  /** Runs received since then, oldest first; of very many the newest. */
  runs(since: number, limit = 1000): RunRecord[] {
    const rows = this.#database
      .prepare(`SELECT ${runColumns} FROM runs WHERE received_at >= ? ORDER BY id DESC LIMIT ?`)
      .all(since, limit);
    return rows.map((row) => this.#record(storedRun.parse(row))).toReversed();
  }

  run(id: number): RunRecord | undefined {
    const run = this.stored(id);
    return run && this.#record(run);
  }

  stored(id: number): StoredRun | undefined {
    const row = this.#database.prepare(`SELECT ${runColumns} FROM runs WHERE id = ?`).get(id);
    return row === undefined ? undefined : storedRun.parse(row);
  }

  #record(run: StoredRun): RunRecord {
    return toRecord(run, this.steps.of(run.id));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
