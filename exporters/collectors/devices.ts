import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import type { DatabaseSession } from '../databases/session.ts';
import { type CollectorKind, listed } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

const devicesQuery = `
SELECT id AS device, line, extract(epoch FROM last_heartbeat_at)::float8 AS heartbeat, state
FROM devices ORDER BY line, id`;

type DeviceRow = {
  device: string;
  line: string;
  heartbeat: number | null;
  state: string | null;
};

export interface DevicesSource {
  /** The target that is the MES, whose devices these are. */
  mes: string;
  /** The target that is its database, which is asked. */
  database: string;
  session: DatabaseSession;
}

/** When each device of the lines was last heard, and the state it reported. */
export const devices: CollectorKind = ({ config, targets, sessions }) =>
  listed(config.mes, targets, 'mes').flatMap(([name, { database }]) =>
    listed([database], targets, 'postgres').map(([, target]) =>
      devicesOf({ mes: name, database, session: sessions.shared(database, target) }),
    ),
  );

function devicesOf({ mes, database, session }: DevicesSource): Collector {
  return {
    name: 'devices',
    target: database,
    timeoutMs: collectorTimeoutMs,
    whenSilent: [],
    async collect(run): Promise<Collected> {
      const rows = await session.query<DeviceRow>(devicesQuery, run);
      return { samples: rows.flatMap((row) => deviceSamples(mes, row)) };
    },
    [Symbol.dispose]: () => {},
  };
}

/** A device that was never heard has no heartbeat: 0 would read as an age of decades. */
function deviceSamples(target: string, { device, line, heartbeat, state }: DeviceRow): Sample[] {
  const labels = { target, line, device };
  return [
    ...(heartbeat === null ? [] : [sample(metrics.deviceLastHeartbeat, labels, heartbeat)]),
    ...(state === null ? [] : [sample(metrics.deviceState, { ...labels, state }, 1)]),
  ];
}
