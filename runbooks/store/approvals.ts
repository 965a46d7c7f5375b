import { z } from 'zod';
import type { Sqlite } from '../../kit/sqlite.ts';
import { type PeopleRole, peopleRole } from '../people/people.ts';
import type { Decision } from '../step.ts';

const row = z.object({
  runId: z.number(),
  /** 0: the whole run; else the step that asks, from 1. */
  position: z.number(),
  question: z.string(),
  planHash: z.string(),
  requester: z.string(),
  roles: z.string().transform((text) => z.array(peopleRole).parse(JSON.parse(text))),
  requestedAt: z.number(),
  expiresAt: z.number(),
  decision: z.enum(['approved', 'rejected', 'expired']).nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: z.number().nullable(),
});

/** What a person is asked about a run, and what was answered. Times are Unix milliseconds. */
export type Approval = z.output<typeof row>;
export type NewApproval = Omit<Approval, 'roles' | 'decision' | 'decidedBy' | 'decidedAt'> & {
  roles: readonly PeopleRole[];
};

/** A row of `approvals`. */
export const readApproval = (found: unknown): Approval => row.parse(found);

const columns = `run_id AS runId, position, question, plan_hash AS planHash, requester, roles, requested_at AS requestedAt,
  expires_at AS expiresAt, decision, decided_by AS decidedBy, decided_at AS decidedAt`;

/** The questions to people, on the disk. A decision is final; one that nobody takes in time expires closed. */
export class Approvals {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Asks once: what was asked before under the same run and position stays as it is. */
  ask({
    runId,
    position,
    question,
    planHash,
    requester,
    roles,
    requestedAt,
    expiresAt,
  }: NewApproval): boolean {
    const { changes } = this.#database
      .prepare(
        `INSERT INTO approvals (run_id, position, question, plan_hash, requester, roles, requested_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(runId, position, question, planHash, requester, JSON.stringify(roles), requestedAt, expiresAt);
    return changes === 1;
  }

  get(runId: number, position: number): Approval | undefined {
    const found = this.#database
      .prepare(`SELECT ${columns} FROM approvals WHERE run_id = ? AND position = ?`)
      .get(runId, position);
    return found === undefined ? undefined : row.parse(found);
  }

  /** All that was asked about a run, in the order of its steps. */
  of(runId: number): Approval[] {
    const rows = this.#database
      .prepare(`SELECT ${columns} FROM approvals WHERE run_id = ? ORDER BY position`)
      .all(runId);
    return rows.map((found) => row.parse(found));
  }

  /** False when it was decided already, or its time is over. */
  decide(
    runId: number,
    position: number,
    decision: 'approved' | 'rejected',
    by: string,
    now: number,
  ): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE approvals SET decision = ?, decided_by = ?, decided_at = ?
         WHERE run_id = ? AND position = ? AND decision IS NULL AND expires_at > ?`,
      )
      .run(decision, by, now, runId, position, now);
    return changes === 1;
  }

  /** Closes what nobody has answered in time; returns it. */
  expire(now: number): Approval[] {
    const rows = this.#database
      .prepare(
        `UPDATE approvals SET decision = 'expired', decided_at = ? WHERE decision IS NULL AND expires_at <= ?
         RETURNING ${columns}`,
      )
      .all(now, now);
    return rows.map((found) => row.parse(found));
  }

  /** The answer to a question; undefined while there is none and there is time. */
  answer(runId: number, position: number, now: number): Decision | undefined {
    const found = this.get(runId, position);
    if (found?.decision) return { decision: found.decision, by: found.decidedBy ?? '' };
    return found && found.expiresAt <= now ? { decision: 'expired', by: '' } : undefined;
  }
}
