import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

/** One metric of each family that a target has always, as long as it is measured at all. */
const families = {
  operations: metrics.operations,
  'waiting times': metrics.operationWait,
  'work orders': metrics.workOrders,
  'line output': metrics.goodItems,
  'shift plan': metrics.linePlannedBusy,
  synchronisation: metrics.syncInterval,
  consistency: metrics.consistencyCheckInterval,
  devices: metrics.deviceLastHeartbeat,
  locks: metrics.dbBlockedSessions,
  connections: metrics.dbConnectionsMax,
  replication: metrics.dbReplicationLag,
  queues: metrics.queueReady,
  canary: metrics.queueCanaryRoundtrip,
  'consumer groups': metrics.queueGroupMembers,
};

const nameOf = ({ name, type }: { name: string; type: string }): string =>
  type === 'histogram' ? `${name}_count` : name;

/** How many series of each family a target has; no value where it has none. */
export const measuredFamilies: RecordingRule = {
  record: 'mes:measured_family:count',
  slow: true,
  expr: Object.entries(families)
    .map(
      ([family, metric]) =>
        `label_replace(count by (target) (${nameOf(metric)}), "family", "${family}", "", "")`,
    )
    .join('\nor\n'),
};
