import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { isMariadb, ownMark } from '../databases/mysql-connection.ts';
import {
  isHere,
  mariadbSessions,
  mysqlSessions,
  secondsSince,
} from '../databases/mysql-locks/sessions-sql.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

// Connections and deadlocks are counted on the whole server. A transaction without a session has been prepared by XA, or is being
// rolled back after a crash: it holds its locks, and nobody works on it.
const connectionsQuery = (threads: string, deadlocks: string, sessions: string) => `
SELECT ${threads} + 0E0 AS connections, @@GLOBAL.max_connections AS connections_max, ${deadlocks} + 0E0 AS deadlocks,
       COALESCE(MAX(IF(is_active, seconds, 0)), 0) + 0E0 AS active,
       COALESCE(MAX(IF(is_active, 0, seconds)), 0) + 0E0 AS idle_in_transaction
FROM (SELECT s.statement IS NOT NULL AS is_active, ${secondsSince('t.trx_started')} AS seconds
      FROM information_schema.INNODB_TRX AS t LEFT JOIN ${sessions} AS s ON s.id = t.trx_mysql_thread_id
      WHERE ${isHere('s.db')} AND (s.statement IS NULL OR s.statement NOT LIKE '${ownMark}%')) AS transactions`;

const statusOf = (table: string, name: string): string =>
  `(SELECT VARIABLE_VALUE FROM ${table} WHERE VARIABLE_NAME = '${name}')`;

const mariadbQuery = connectionsQuery(
  statusOf('information_schema.GLOBAL_STATUS', 'THREADS_CONNECTED'),
  statusOf('information_schema.GLOBAL_STATUS', 'INNODB_DEADLOCKS'),
  mariadbSessions,
);

const mysqlQuery = connectionsQuery(
  statusOf('performance_schema.global_status', 'Threads_connected'),
  `(SELECT \`COUNT\` FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks')`,
  mysqlSessions,
);

type ConnectionsRow = {
  connections: number | null;
  connections_max: number;
  deadlocks: number | null;
  active: number;
  idle_in_transaction: number;
};

/** How full a MySQL or MariaDB server is, and how long transactions stay open in one of its databases. */
export const mysqlConnections: CollectorKind = forEachTarget(
  'mysql',
  (target, database, { sessions }): Collector => {
    const session = sessions.shared(target, database);
    return {
      name: 'connections',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const [version] = await session.query('SELECT VERSION() AS version', run);
        const rows = await session.query<ConnectionsRow>(isMariadb(version) ? mariadbQuery : mysqlQuery, run);
        return { samples: rows.flatMap((row) => connectionSamples(target, row)) };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

function connectionSamples(target: string, row: ConnectionsRow): Sample[] {
  const { connections, connections_max, deadlocks, active, idle_in_transaction } = row;
  const age = (state: string, seconds: number) =>
    sample(metrics.dbOldestTransaction, { target, state }, seconds);
  return [
    // A MySQL without its performance schema does not say it.
    ...(connections === null ? [] : [sample(metrics.dbConnections, { target }, connections)]),
    sample(metrics.dbConnectionsMax, { target }, connections_max),
    // An administrator may have switched off the counter of MySQL.
    ...(deadlocks === null ? [] : [sample(metrics.dbDeadlocks, { target }, deadlocks)]),
    age('active', active),
    age('idle_in_transaction', idle_in_transaction),
  ];
}
