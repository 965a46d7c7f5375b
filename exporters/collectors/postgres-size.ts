import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import { onceA } from '../databases/once-a.ts';
import { isAboutTheStatement } from '../databases/postgres-connection.ts';
import type { DatabaseSession } from '../databases/session.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

// Takes no lock on any table, as pg_table_size would, but looks at every file of the database.
const sizeQuery = `
SELECT pg_database_size(current_database())::float8 AS size,
       has_function_privilege('pg_ls_waldir()', 'EXECUTE') AS may_list_log`;
const logQuery = 'SELECT coalesce(sum(size), 0)::float8 AS size FROM pg_ls_waldir()';

/** Sizes grow slowly, and looking at thousands of files costs time. */
const everyMs = 60_000;

/** How large a PostgreSQL database and its write-ahead log are; measured once a minute. */
export const postgresSize: CollectorKind = forEachTarget(
  'postgres',
  (target, database, { sessions, clock }): Collector => {
    const session = sessions.shared(target, database);
    const measure = (run: ScrapeRun) => measureSize(target, session, run);
    return {
      name: 'size',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      // A failure of the server to answer is kept as well, because it cost time; one of the connection is not.
      collect: onceA(everyMs, clock, measure, isAboutTheStatement),
      [Symbol.dispose]: () => {},
    };
  },
);

async function measureSize(target: string, session: DatabaseSession, run: ScrapeRun): Promise<Collected> {
  const samples: Sample[] = [];
  try {
    type SizeRow = { size: number; may_list_log: boolean };
    for (const { size, may_list_log } of await session.query<SizeRow>(sizeQuery, run)) {
      samples.push(sample(metrics.dbSize, { target }, size));
      if (!may_list_log) continue;
      for (const log of await session.query<{ size: number }>(logQuery, run))
        samples.push(sample(metrics.dbLogSize, { target }, log.size));
    }
    return { samples };
  } catch (failure) {
    return { samples, failure };
  }
}
