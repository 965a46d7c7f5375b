import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { sample } from '../sample.ts';

// A replica that has replayed all it received is not behind, however long nothing was written; but only while it is connected: what
// a lost connection keeps from it, it cannot know, and then the age of the last transaction it has seen counts.
// A primary knows the lag of each standby (pg_stat_replication would look up every session of the server on top); NULL there means that nothing is under way, if the standby has replayed all that was sent.
const lagQuery = `
SELECT CASE
  WHEN NOT pg_is_in_recovery() THEN (
    SELECT max(CASE WHEN replay_lag IS NOT NULL THEN extract(epoch FROM replay_lag) WHEN replay_lsn >= sent_lsn THEN 0 END)
    FROM pg_stat_get_wal_senders() WHERE replay_lsn IS NOT NULL)
  WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0
  ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
END::float8 AS lag`;

type LagRow = { lag: number | null };

/** How far a PostgreSQL replica is behind; left out where a server neither is one nor has one. */
export const postgresReplication: CollectorKind = forEachTarget(
  'postgres',
  (target, database, { sessions }): Collector => {
    const session = sessions.shared(target, database);
    return {
      name: 'replication',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const rows = await session.query<LagRow>(lagQuery, run);
        // By two clocks that differ a little it may come out below zero.
        const samples = rows.flatMap(({ lag }) =>
          lag === null ? [] : [sample(metrics.dbReplicationLag, { target }, Math.max(0, lag))],
        );
        return { samples };
      },
      [Symbol.dispose]: () => {},
    };
  },
);
