import { z } from 'zod';
import type { Sqlite } from '../kit/sqlite.ts';

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

/** Which runbooks are being rehearsed now, and how their rehearsals ended; on the disk. */
export class Proofs {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** A drill holds a runbook's rehearsal as a lease; true when it had none that was still valid. */
  rehearse(runbook: string, holder: string, expiresAt: number, now: number): boolean {
    const before = this.#database
      .prepare('SELECT 1 FROM rehearsals WHERE runbook = ? AND holder = ? AND expires_at > ?')
      .get(runbook, holder, now);
    this.#database
      .prepare(
        'INSERT INTO rehearsals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at',
      )
      .run(runbook, holder, expiresAt);
    return before === undefined;
  }

  /** Ends the rehearsals of a holder; how many that were. */
  endRehearsal(holder: string): number {
    return Number(this.#database.prepare('DELETE FROM rehearsals WHERE holder = ?').run(holder).changes);
  }

  /** The drill that rehearses this runbook now, if one does. */
  rehearsing(runbook: string, now: number): string | undefined {
    const found = this.#database
      .prepare('SELECT holder FROM rehearsals WHERE runbook = ? AND expires_at > ?')
      .get(runbook, now);
    return typeof found?.holder === 'string' ? found.holder : undefined;
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
