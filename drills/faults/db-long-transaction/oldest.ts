import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import type { Witness } from '../db/held-session.ts';

/** The open transactions that are as old as ours or older, in the same database; none when ours is not open. */
const postgresElders = `
  SELECT count(*)::int AS elders FROM pg_stat_activity AS a,
    (SELECT xact_start, datname FROM pg_stat_activity WHERE pid = $1 AND backend_xmin IS NOT NULL) AS ours
  WHERE a.datname = ours.datname AND a.xact_start <= ours.xact_start`;

/**
 * MySQL tells the start to the second, so that who began in the same one counts as younger. Its list is a copy that is made anew
 * only when nobody has read it for 0.1 s.
 */
const mysqlElders = `
  SELECT COUNT(a.trx_id) + 0E0 AS elders
  FROM information_schema.INNODB_TRX AS ours
  JOIN information_schema.INNODB_TRX AS a ON a.trx_started < ours.trx_started OR a.trx_mysql_thread_id = ours.trx_mysql_thread_id
  WHERE ours.trx_mysql_thread_id = ?`;

/** Sees whether one session's transaction is the oldest that is open: what everybody's old row versions are kept for. */
export class OldestTransaction implements Witness {
  readonly #kind: DrillEngine['kind'];
  readonly #counter: DrillSession;
  readonly #holder: number;
  #wasOldest = false;

  constructor(kind: DrillEngine['kind'], counter: DrillSession, holder: number) {
    this.#kind = kind;
    this.#counter = counter;
    this.#holder = holder;
  }

  /** 1 once it was the oldest. */
  get count(): number {
    return this.#wasOldest ? 1 : 0;
  }

  async look(): Promise<void> {
    const text = this.#kind === 'postgres' ? postgresElders : mysqlElders;
    const [row] = await this.#counter.query<{ elders: number }>(text, [this.#holder]);
    if (Number(row?.elders) === 1) this.#wasOldest = true;
  }
}
