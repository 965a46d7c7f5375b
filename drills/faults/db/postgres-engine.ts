import { addressOf } from '../../../kit/postgres.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { runName } from '../../run-name.ts';
import type { Undo } from '../../undo.ts';
import { adminUrl } from '../../undos/end-sessions.ts';
import type { DrillEngine, DrillSession, SessionLimits } from './drill-session.ts';
import { PostgresSession } from './postgres-session.ts';

const askLimits: SessionLimits = { statementMs: 3000, lockMs: 1000, idleMs: 60_000 };

/** The sessions of one run on a PostgreSQL server (14 or later), known by their application_name. */
export class PostgresEngine implements DrillEngine {
  readonly kind = 'postgres';
  readonly address: string;
  readonly applicationName: string;
  readonly undo: Undo;
  readonly #url: string;

  constructor(name: string, target: TargetOf<'postgres'>, run: string) {
    this.#url = adminUrl(target);
    this.address = addressOf(this.#url);
    this.applicationName = runName(run);
    this.undo = { kind: 'postgres.end-sessions', target: name, applicationName: this.applicationName };
  }

  open(limits: SessionLimits): Promise<DrillSession> {
    return PostgresSession.open(this.#url, this.applicationName, limits);
  }

  ask(): Promise<DrillSession> {
    return PostgresSession.open(this.#url, 'andon-residue', askLimits);
  }

  async ownSessions(): Promise<number[]> {
    await using session = await this.ask();
    const rows = await session.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1 ORDER BY backend_start',
      [this.applicationName],
    );
    return rows.map(({ pid }) => pid);
  }
}
