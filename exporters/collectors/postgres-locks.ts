import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { isAboutTheStatement } from '../databases/postgres-connection.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

/** The application's name as a label; a server process without one goes by its kind. */
const cleanName = `regexp_replace(coalesce(nullif(application_name, ''), backend_type, 'unnamed'),
  '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4,}', '#', 'gi')`;

// Reads the lock table and the list of sessions, and never a table of a user: a lock on such a table cannot hold it up.
// pg_blocking_pids stops the lock manager, so it is asked once for each queue and not for each session in it: who stands at the
// head waits for those who hold the lock, the others for them too. It gives 0 for a prepared transaction, which has no session.
// Long numbers in application names, such as process ids, would make a series each.
const locksQuery = `
WITH waiting AS MATERIALIZED (
  SELECT pid, waitstart, concat_ws(' ', mode, locktype, database, relation, page, tuple, virtualxid, transactionid,
                                   classid, objid, objsubid) AS queue
  FROM pg_locks WHERE NOT granted
), sessions AS MATERIALIZED (
  SELECT pid, datname, xact_start, application_name, backend_type FROM pg_stat_activity
), blocked AS MATERIALIZED (
  SELECT queue, pid, waitstart, application_name, backend_type FROM waiting JOIN sessions USING (pid)
  WHERE datname = current_database() AND application_name IS DISTINCT FROM current_setting('application_name')
), heads AS MATERIALIZED (
  SELECT queue, pg_blocking_pids((array_agg(pid ORDER BY waitstart))[1]) AS blockers FROM blocked GROUP BY queue
), blockers AS MATERIALIZED (
  SELECT queue, blocker.pid, application_name, backend_type, xact_start
  FROM heads CROSS JOIN unnest(blockers) AS blocker(pid) LEFT JOIN sessions ON sessions.pid = blocker.pid
), roots AS (
  SELECT ${cleanName} AS application,
         max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS seconds
  FROM blockers
  WHERE pid NOT IN (SELECT pid FROM waiting) AND xact_start IS NOT NULL
  GROUP BY application ORDER BY seconds DESC LIMIT 5
), blocking_names AS (
  SELECT DISTINCT queue, CASE pid WHEN 0 THEN 'prepared transaction'
                         ELSE ${cleanName} END AS blocker
  FROM blockers
), blocked_names AS (
  SELECT queue, ${cleanName} AS blocked, sum(sessions)::int AS sessions
  FROM (SELECT queue, application_name, backend_type, count(*) AS sessions FROM blocked GROUP BY 1, 2, 3) AS raw
  GROUP BY 1, 2
), pairs AS (
  SELECT blocker, blocked, sum(sessions)::int AS sessions FROM blocking_names JOIN blocked_names USING (queue)
  GROUP BY blocker, blocked ORDER BY sessions DESC, blocker, blocked LIMIT 10
)
SELECT count(*)::int AS blocked,
       coalesce(extract(epoch FROM clock_timestamp() - min(waitstart)), 0)::float8 AS oldest_wait,
       (SELECT coalesce(json_agg(roots), '[]') FROM roots) AS roots,
       (SELECT coalesce(json_agg(pairs), '[]') FROM pairs) AS pairs
FROM blocked`;

type LocksRow = {
  blocked: number;
  oldest_wait: number;
  roots: { application: string; seconds: number }[];
  pairs: { blocker: string; blocked: string; sessions: number }[];
};

/** Who waits for whom in a database, over a connection that nothing else uses. PostgreSQL 14 and later. */
export const postgresLocks: CollectorKind = forEachTarget(
  'postgres',
  (target, database, { sessions }): Collector => {
    const session = sessions.forLocks(target, database);
    const up = (value: number) => sample(metrics.dbUp, { target }, value);
    return {
      name: 'locks',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [up(0)],
      async collect(run): Promise<Collected> {
        try {
          const rows = await session.query<LocksRow>(locksQuery, run);
          return { samples: [up(1), ...rows.flatMap((row) => lockSamples(target, row))] };
        } catch (failure) {
          return { samples: [up(isAboutTheStatement(failure) ? 1 : 0)], failure };
        }
      },
      [Symbol.dispose]: () => {},
    };
  },
);

const lockSamples = (target: string, { blocked, oldest_wait, roots, pairs }: LocksRow): Sample[] => [
  sample(metrics.dbBlockedSessions, { target }, blocked),
  sample(metrics.dbOldestLockWait, { target }, oldest_wait),
  ...roots.map(({ application, seconds }) =>
    sample(metrics.dbRootBlockerTransaction, { target, application }, seconds),
  ),
  ...pairs.map(({ blocker, blocked: waiting, sessions }) =>
    sample(metrics.dbBlockingSessions, { target, blocker, blocked: waiting }, sessions),
  ),
];
