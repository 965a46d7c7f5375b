import type { TargetKind } from '../../../kit/targets.ts';
import type { DrillSession } from './drill-session.ts';
import { mysqlWaits } from './mysql-waits.ts';

/** A session that waits for a lock, and for whom. */
export interface Wait {
  /** Tells it from every other session that ever was. */
  key: string;
  id: number;
  blockers: readonly number[];
}

/** A session is told by its process and its start, because process ids come back. */
const postgresQuery = `
  SELECT pid AS id, pid || ' since ' || backend_start AS key, pg_blocking_pids(pid) AS blockers
  FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;

/**
 * Everybody on the server who waits for a lock now. `relation` is the table that is held: a MariaDB without its performance schema
 * does not say who waits for whom at a locked table, and there who names it in his statement counts as waiting for `holder`.
 */
export function waitsOn(
  kind: Extract<TargetKind, 'postgres' | 'mysql'>,
  session: DrillSession,
  held: { relation: string; holder: number },
): Promise<Wait[]> {
  return kind === 'postgres' ? session.query<Wait & object>(postgresQuery) : mysqlWaits(session, held);
}

/** Those who wait for one of these sessions, directly or in the queue behind others who do. */
export function behind(waits: readonly Wait[], holders: readonly number[]): Wait[] {
  const found = new Map<number, Wait>();
  const toVisit = [...holders];
  for (let one = toVisit.pop(); one !== undefined; one = toVisit.pop())
    for (const wait of waits)
      if (wait.blockers.includes(one) && !found.has(wait.id) && !holders.includes(wait.id)) {
        found.set(wait.id, wait);
        toVisit.push(wait.id);
      }
  return [...found.values()];
}
