import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { isMariadb } from '../databases/mysql-connection.ts';
import { rowsIfShown } from '../databases/mysql-errors.ts';
import type { Row } from '../databases/session.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { sample } from '../sample.ts';

/** How far a replica is behind, the farthest of its channels; left out where the server is no replica. */
export const mysqlReplication: CollectorKind = forEachTarget(
  'mysql',
  (target, database, { sessions }): Collector => {
    const session = sessions.shared(target, database);
    return {
      name: 'replication',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const [version] = await session.query('SELECT VERSION() AS version', run);
        const text = isMariadb(version) ? 'SHOW ALL REPLICAS STATUS' : 'SHOW REPLICA STATUS';
        const channels = (await rowsIfShown(() => session.query(text, run))).filter(isReplica);
        if (channels.length === 0) return { samples: [] };
        const lag = Math.max(...channels.map(lagOf));
        return { samples: [sample(metrics.dbReplicationLag, { target }, lag)] };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

/** MySQL lists channels here that belong to a replication group and usually stand still. */
const isReplica = ({ Channel_Name }: Row): boolean =>
  !String(Channel_Name ?? '').startsWith('group_replication_');

/** NULL says that replication stands still: then the replica falls behind without end, and no limit may overlook that. */
function lagOf(channel: Row): number {
  const seconds = channel.Seconds_Behind_Master ?? channel.Seconds_Behind_Source ?? null;
  return seconds === null ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds));
}
