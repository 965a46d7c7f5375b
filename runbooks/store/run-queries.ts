import type { Sqlite } from '../../kit/sqlite.ts';
import { type Approval, readApproval } from './approvals.ts';
import { runColumns, type StoredRun, storedRun } from './run.ts';

/** Questions about runs that change nothing, each answered over an index: there may be thousands that wait. */
export class RunQueries {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /**
   * The runs whose turn it is, oldest first: of all that wait for the same locks the first one, where none of these is taken.
   * Steps from one set of locks to the next, however many runs wait for each.
   */
  nextInLine(): StoredRun[] {
    return this.#runs(
      `WITH RECURSIVE line (locks) AS (
         SELECT min(locks) FROM runs WHERE state = 'waiting'
         UNION ALL SELECT (SELECT min(r.locks) FROM runs r WHERE r.state = 'waiting' AND r.locks > line.locks)
           FROM line WHERE line.locks IS NOT NULL)
       SELECT ${runColumns} FROM runs WHERE id IN (
         SELECT (SELECT r.id FROM runs r WHERE r.state = 'waiting' AND r.locks = line.locks ORDER BY r.ready_at, r.id LIMIT 1)
         FROM line WHERE line.locks IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM json_each(line.locks) one JOIN locks ON locks.lock = one.value))
       ORDER BY ready_at, id`,
    );
  }

  /** Runs that wait for their turn since before then, oldest first. */
  waitingSince(before: number, limit: number): StoredRun[] {
    return this.#runs(
      `SELECT ${runColumns} FROM runs WHERE state = 'waiting' AND ready_at < ? ORDER BY ready_at, id LIMIT ?`,
      before,
      limit,
    );
  }

  /** Runs that wait for their turn because of this alert instance. */
  waitingFor({ fingerprint, startsAt }: Pick<StoredRun, 'fingerprint' | 'startsAt'>): StoredRun[] {
    return this.#runs(
      `SELECT ${runColumns} FROM runs WHERE state = 'waiting' AND fingerprint = ? AND starts_at = ?`,
      fingerprint,
      startsAt,
    );
  }

  /** The run of a runbook for one alert instance. */
  idOf(
    runbook: string,
    { fingerprint, startsAt }: Pick<StoredRun, 'fingerprint' | 'startsAt'>,
  ): number | undefined {
    const found = this.#database
      .prepare('SELECT id FROM runs WHERE runbook = ? AND fingerprint = ? AND starts_at = ?')
      .get(runbook, fingerprint, startsAt);
    return typeof found?.id === 'number' ? found.id : undefined;
  }

  /** Whether this runbook already has its run for this alert instance. */
  hasRun(runbook: string, { fingerprint, startsAt }: Pick<StoredRun, 'fingerprint' | 'startsAt'>): boolean {
    const row = this.#database
      .prepare('SELECT 1 FROM runs WHERE runbook = ? AND fingerprint = ? AND starts_at = ?')
      .get(runbook, fingerprint, startsAt);
    return row !== undefined;
  }

  /** When the runbook last really started under this lock; where there was nothing to do, it did not. */
  lastStart(runbook: string, lock: string): number | undefined {
    const row = this.#database
      .prepare(
        `SELECT max(started_at) AS at FROM runs WHERE runbook = ? AND locks ->> 0 = ? AND state <> 'not-needed'`,
      )
      .get(runbook, lock);
    return typeof row?.at === 'number' ? row.at : undefined;
  }

  /** How often the runbook has really started under this lock since then. */
  startsSince(runbook: string, lock: string, since: number): number {
    const row = this.#database
      .prepare(`SELECT count(*) AS n FROM runs WHERE runbook = ? AND locks ->> 0 = ? AND started_at >= ?
           AND state <> 'not-needed'`)
      .get(runbook, lock, since);
    return Number(row?.n ?? 0);
  }

  /** Runs that act or wait, for their turn or for people; newest first. */
  open(limit: number): StoredRun[] {
    return this.#runs(
      `SELECT ${runColumns} FROM runs WHERE state IN ('running', 'waiting', 'awaiting-approval') ORDER BY id DESC LIMIT ?`,
      limit,
    );
  }

  /** Newest first. */
  recent(limit: number): StoredRun[] {
    return this.#runs(`SELECT ${runColumns} FROM runs ORDER BY id DESC LIMIT ?`, limit);
  }

  /** What else was received for the same target since then; newest first. */
  recentOn({ id, target }: Pick<StoredRun, 'id' | 'target'>, since: number, limit: number): StoredRun[] {
    return this.#runs(
      `SELECT ${runColumns} FROM runs WHERE target IS ? AND id <> ? AND received_at >= ? ORDER BY id DESC LIMIT ?`,
      target,
      id,
      since,
      limit,
    );
  }

  /** Questions that people can still answer, the most urgent first. */
  questions(now: number): Approval[] {
    const rows = this.#database
      .prepare(
        `SELECT a.run_id AS runId, a.position, a.question, a.plan_hash AS planHash, a.requester, a.roles,
           a.requested_at AS requestedAt, a.expires_at AS expiresAt, a.decision, a.decided_by AS decidedBy, a.decided_at AS decidedAt
         FROM approvals a JOIN runs r ON r.id = a.run_id
         WHERE a.decision IS NULL AND a.expires_at > ? AND r.finished_at IS NULL ORDER BY a.expires_at, a.run_id`,
      )
      .all(now);
    return rows.map(readApproval);
  }

  #runs(sql: string, ...values: (string | number | null)[]): StoredRun[] {
    return this.#database
      .prepare(sql)
      .all(...values)
      .map((row) => storedRun.parse(row));
  }
}
