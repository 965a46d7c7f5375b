import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { sample } from '../sample.ts';

// Connections are counted on the whole server, because its maximum is; transactions and deadlocks in this database.
const connectionsQuery = `
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS connections,
       current_setting('max_connections')::int AS connections_max,
       (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())::float8 AS deadlocks,
       (SELECT coalesce(json_object_agg(state, seconds), '{}') FROM (
          SELECT state, max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS seconds
          FROM pg_stat_activity
          WHERE datname = current_database() AND state IS NOT NULL AND xact_start IS NOT NULL
            AND application_name IS DISTINCT FROM current_setting('application_name')
          GROUP BY state) AS ages) AS transaction_ages`;

type ConnectionsRow = {
  connections: number;
  connections_max: number;
  deadlocks: number;
  transaction_ages: Record<string, number>;
};

/** The states in which a transaction can be open, as pg_stat_activity names them. */
const transactionStates = ['active', 'idle in transaction', 'idle in transaction (aborted)'];

/** How full a PostgreSQL server is, and how long transactions stay open in one of its databases. */
export const postgresConnections: CollectorKind = forEachTarget(
  'postgres',
  (target, database, { sessions }): Collector => {
    const session = sessions.shared(target, database);
    return {
      name: 'connections',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const rows = await session.query<ConnectionsRow>(connectionsQuery, run);
        return { samples: rows.flatMap((row) => connectionSamples(target, row)) };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

const connectionSamples = (target: string, row: ConnectionsRow) => [
  sample(metrics.dbConnections, { target }, row.connections),
  sample(metrics.dbConnectionsMax, { target }, row.connections_max),
  sample(metrics.dbDeadlocks, { target }, row.deadlocks),
  ...transactionStates.map((state) =>
    sample(metrics.dbOldestTransaction, { target, state: labelOf(state) }, row.transaction_ages[state] ?? 0),
  ),
];

/** `idle in transaction (aborted)` → `idle_in_transaction_aborted`. */
const labelOf = (state: string): string => state.replaceAll(/[()]/g, '').replaceAll(' ', '_');
