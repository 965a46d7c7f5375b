import { UnavailableError } from '../../kit/errors.ts';
import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { sample } from '../sample.ts';

// Connections are counted on the whole server, because its maximum is; transactions and deadlocks in this database.
const connectionsQuery = `
WITH states AS (
  SELECT state, count(*) FILTER (WHERE backend_type = 'client backend') AS sessions,
         max(extract(epoch FROM clock_timestamp() - xact_start))
           FILTER (WHERE datname = current_database()
                     AND application_name IS DISTINCT FROM current_setting('application_name')) AS seconds
  FROM pg_stat_activity GROUP BY state
)
SELECT coalesce(sum(sessions), 0)::int AS connections,
       coalesce(json_object_agg(state, seconds::float8) FILTER (WHERE state IS NOT NULL), '{}') AS transaction_ages,
       current_setting('max_connections')::int AS connections_max,
       pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())::float8 AS deadlocks
FROM states`;

type ConnectionsRow = {
  connections: number;
  connections_max: number;
  /** Whether the exporter's role may see what the sessions of others do. */
  sees_all: boolean;
  deadlocks: number;
  transaction_ages: Record<string, number | null>;
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
        const [row] = await session.query<ConnectionsRow>(connectionsQuery, run);
        if (row === undefined) throw new Error('the database answered without a row');
        const always = serverSamples(target, row);
        if (!row.sees_all) return { samples: always, failure: blind() };
        return { samples: [...always, ...sessionSamples(target, row)] };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

const serverSamples = (target: string, row: ConnectionsRow) => [
  sample(metrics.dbConnectionsMax, { target }, row.connections_max),
  sample(metrics.dbDeadlocks, { target }, row.deadlocks),
];

const sessionSamples = (target: string, row: ConnectionsRow) => [
  sample(metrics.dbConnections, { target }, row.connections),
  ...transactionStates.map((state) =>
    sample(metrics.dbOldestTransaction, { target, state: labelOf(state) }, row.transaction_ages[state] ?? 0),
  ),
];

/** Without that right the server hides the kind and the state of other sessions, and the counts would be wrong. */
const blind = () =>
  new UnavailableError(
    'postgres.rights',
    'the role may not see the sessions of others: connections and transactions are left out',
    { mend: 'GRANT pg_monitor TO the role of the exporter.' },
  );

/** `idle in transaction (aborted)` → `idle_in_transaction_aborted`. */
const labelOf = (state: string): string => state.replaceAll(/[()]/g, '').replaceAll(' ', '_');
