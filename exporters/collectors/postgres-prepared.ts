import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { sample } from '../sample.ts';

// A view over the server's own state: no lock on a table of the plant can hold it up.
const preparedQuery = `
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - prepared)), 0)::float8 AS seconds
FROM pg_prepared_xacts WHERE database = current_database()`;

/** A prepared transaction that nobody finishes keeps its locks without a session that could be seen or ended. */
export const postgresPrepared: CollectorKind = forEachTarget(
  'postgres',
  (target, database, { sessions }): Collector => {
    const session = sessions.shared(target, database);
    return {
      name: 'prepared',
      target,
      timeoutMs: collectorTimeoutMs,
      // Nothing is known when it fails: 0 would say that all is well.
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const rows = await session.query<{ seconds: number }>(preparedQuery, run);
        return { samples: rows.map(({ seconds }) => sample(metrics.dbOldestPrepared, { target }, seconds)) };
      },
      [Symbol.dispose]: () => {},
    };
  },
);
