import { z } from 'zod';
import type { Sqlite } from '../../kit/sqlite.ts';

const row = z.object({
  runbook: z.string(),
  drillRun: z.string(),
  runbookHash: z.string(),
  drill: z.string(),
  passed: z.number().transform((value) => value === 1),
  at: z.number(),
});

/** How a drill of a runbook ended, for the very text that it ran. Times are Unix milliseconds. */
export type Proof = z.output<typeof row>;

const names = z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text)));

const rehearsal = z.object({
  runbook: z.string(),
  /** The run of the drill. */
  holder: z.string(),
  /** Production targets that its user has confirmed. */
  production: names,
  /** The targets that the drill is about; null where it does not say. */
  targets: names.nullable(),
  begunAt: z.number(),
  expiresAt: z.number(),
});

/** A drill that rehearses a runbook. Times are Unix milliseconds. */
export type Rehearsal = z.output<typeof rehearsal>;

/** Which runbooks are being rehearsed now, and how their rehearsals ended; on the disk. */
export class Proofs {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** A drill holds a runbook's rehearsal as a lease; true when it had none that was still valid. */
  rehearse(
    { runbook, holder, production, targets, expiresAt }: Omit<Rehearsal, 'begunAt'>,
    now: number,
  ): boolean {
    const before = this.#database
      .prepare('SELECT 1 FROM rehearsals WHERE runbook = ? AND holder = ? AND expires_at > ?')
      .get(runbook, holder, now);
    this.#database
      .prepare(
        `INSERT INTO rehearsals (runbook, holder, begun_at, expires_at, production, targets) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at, production = excluded.production, targets = excluded.targets,
           begun_at = CASE WHEN expires_at > excluded.begun_at THEN begun_at ELSE excluded.begun_at END`,
      )
      .run(runbook, holder, now, expiresAt, JSON.stringify(production), targets && JSON.stringify(targets));
    return before === undefined;
  }

  /** Ends the rehearsals of a holder; how many that were. */
  endRehearsal(holder: string): number {
    return Number(this.#database.prepare('DELETE FROM rehearsals WHERE holder = ?').run(holder).changes);
  }

  /** The drills that rehearse this runbook now. */
  rehearsing(runbook: string, now: number): Rehearsal[] {
    const rows = this.#database
      .prepare(
        `SELECT runbook, holder, production, targets, begun_at AS begunAt, expires_at AS expiresAt FROM rehearsals
         WHERE runbook = ? AND expires_at > ? ORDER BY expires_at DESC`,
      )
      .all(runbook, now);
    return rows.map((found) => rehearsal.parse(found));
  }

  record({ runbook, drillRun, runbookHash, drill, passed, at }: Proof): void {
    this.#database
      .prepare('INSERT INTO proofs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(runbook, drillRun, runbookHash, drill, passed ? 1 : 0, at);
  }

  /** How the last drill of a runbook ended. */
  last(runbook: string): Proof | undefined {
    const found = this.#database
      .prepare(
        `SELECT runbook, drill_run AS drillRun, runbook_hash AS runbookHash, drill, passed, at FROM proofs
         WHERE runbook = ? ORDER BY at DESC, rowid DESC LIMIT 1`,
      )
      .get(runbook);
    return found === undefined ? undefined : row.parse(found);
  }
}
