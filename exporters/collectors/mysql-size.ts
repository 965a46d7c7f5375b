import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import { isMariadb } from '../databases/mysql-connection.ts';
import { isAboutTheStatement, rowsIfShown } from '../databases/mysql-errors.ts';
import { onceA } from '../databases/once-a.ts';
import type { DatabaseSession } from '../databases/session.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

// The sizes of the files, as InnoDB knows them. information_schema.TABLES would open every table for its size, and wait behind a
// lock on one of them. In the names of files a character such as `-` is written `@002d`.
const sizeQuery = (tablespaces: string, folders: string) => `
SELECT COALESCE(SUM(FILE_SIZE), 0) + 0E0 AS size FROM information_schema.${tablespaces}
WHERE IF(DATABASE() IS NULL, NAME <> 'innodb_temporary', CAST(SUBSTRING_INDEX(NAME, '/', 1) AS BINARY) IN (${folders}))`;

const mariadbQuery = sizeQuery(
  'INNODB_SYS_TABLESPACES',
  'CONVERT(CONVERT(DATABASE() USING filename) USING binary)',
);
const mysqlQuery = sizeQuery(
  'INNODB_TABLESPACES',
  "CAST(DATABASE() AS BINARY), CAST(REPLACE(DATABASE(), '-', '@002d') AS BINARY)",
);

/** Sizes grow slowly, and looking at thousands of files costs time. */
const everyMs = 60_000;

/** How large the InnoDB tables of a database and the binary logs of its server are; measured once a minute. */
export const mysqlSize: CollectorKind = forEachTarget(
  'mysql',
  (target, database, { sessions, clock }): Collector => {
    const session = sessions.shared(target, database);
    const measure = (run: ScrapeRun) => measureSize(target, session, run);
    return {
      name: 'size',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      collect: onceA(everyMs, clock, measure, isAboutTheStatement),
      [Symbol.dispose]: () => {},
    };
  },
);

async function measureSize(target: string, session: DatabaseSession, run: ScrapeRun): Promise<Collected> {
  const samples: Sample[] = [];
  try {
    const [version] = await session.query('SELECT VERSION() AS version', run);
    const [row] = await session.query<{ size: number }>(isMariadb(version) ? mariadbQuery : mysqlQuery, run);
    if (row !== undefined) samples.push(sample(metrics.dbSize, { target }, row.size));
    const logs = await rowsIfShown(() => session.query<{ File_size: number }>('SHOW BINARY LOGS', run));
    const size = logs.reduce((total, log) => total + Number(log.File_size), 0);
    if (logs.length > 0) samples.push(sample(metrics.dbLogSize, { target }, size));
    return { samples };
  } catch (failure) {
    return { samples, failure };
  }
}
