import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

/** How long 19 of 20 operations of each kind wait at most, over 5 min; NaN without operations. */
export const operationWaitP95: RecordingRule = {
  record: 'mes:operation_wait_seconds:p95_rate5m',
  expr: `histogram_quantile(0.95, sum by (target, operation, le) (rate(${metrics.operationWait.name}_bucket[5m])))`,
};

/** How old the oldest work order in a state is, in limits of that state. */
export const workOrderAge: RecordingRule = {
  record: 'mes:work_order_age:limits',
  expr: `max by (target, state) (time() - ${metrics.workOrderOldestStateEntry.name})
/ on (target, state) max by (target, state) (${metrics.workOrderStateLimit.name} > 0)`,
};

/** How old the last success of a synchronisation is, in its intervals. */
export const syncAge: RecordingRule = {
  record: 'mes:sync_age:intervals',
  expr: `(time() - ${metrics.syncLastSuccess.name}) / (${metrics.syncInterval.name} > 0)`,
};

/** The share of a database server's connections that is open. */
export const connectionUse: RecordingRule = {
  record: 'mes:db_connections:ratio',
  expr: `${metrics.dbConnections.name} / (${metrics.dbConnectionsMax.name} > 0)`,
};
