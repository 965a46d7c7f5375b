import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { serverAnswered } from '../databases/postgres-session.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

// Reads the lock table and the list of sessions, and never a table of a user: a lock on such a table cannot
// hold it up. pg_blocking_pids is asked for the waiting sessions only, because it stops the lock manager.
const locksQuery = `
WITH waiting AS MATERIALIZED (
  SELECT pid, min(waitstart) AS since FROM pg_locks WHERE NOT granted GROUP BY pid
), blocked AS MATERIALIZED (
  SELECT waiting.since, pg_blocking_pids(waiting.pid) AS blockers
  FROM waiting JOIN pg_stat_activity AS session USING (pid)
  WHERE session.datname = current_database()
    AND session.application_name IS DISTINCT FROM current_setting('application_name')
), roots AS (
  SELECT coalesce(nullif(application_name, ''), 'unnamed') AS application,
         max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS seconds
  FROM pg_stat_activity
  WHERE pid IN (SELECT unnest(blockers) FROM blocked) AND pid NOT IN (SELECT pid FROM waiting)
    AND xact_start IS NOT NULL
  GROUP BY 1 ORDER BY 2 DESC LIMIT 5
)
SELECT count(*)::int AS blocked,
       coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::float8 AS oldest_wait,
       (SELECT coalesce(json_agg(roots), '[]') FROM roots) AS roots
FROM blocked WHERE cardinality(blockers) > 0`;

type LocksRow = {
  blocked: number;
  oldest_wait: number;
  roots: { application: string; seconds: number }[];
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
          return { samples: [up(serverAnswered(failure) ? 1 : 0)], failure };
        }
      },
      [Symbol.dispose]: () => {},
    };
  },
);

const lockSamples = (target: string, { blocked, oldest_wait, roots }: LocksRow): Sample[] => [
  sample(metrics.dbBlockedSessions, { target }, blocked),
  sample(metrics.dbOldestLockWait, { target }, oldest_wait),
  ...roots.map(({ application, seconds }) =>
    sample(metrics.dbRootBlockerTransaction, { target, application }, seconds),
  ),
];
