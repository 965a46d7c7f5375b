import * as units from '@grafana/grafana-foundation-sdk/units';
import { devicesSilent } from '../alerts/device-silence.ts';
import { operationSuccessRatio, operationsRate } from '../alerts/recording-rules.ts';
import { unconsumedQueues } from '../alerts/rules/queue.ts';
import { alertTiers } from '../alerts/tiers.ts';
import { metrics } from '../exporters/catalogue.ts';
import { bad, good, tierColor, tierMeaning } from './palette.ts';
import { type PanelSpec, stateTimeline, table, timeSeries, words } from './panel.ts';

const of = (variable: 'mes' | 'database' | 'broker', name: string, more = '') =>
  `${name}{target=~"$${variable}"${more}}`;
const rate = (selector: string) => `rate(${selector}[$__rate_interval])`;

const trouble = 'alertname!="Watchdog"';

/** The light itself: how many alerts of each tier are on. */
export const light: PanelSpec = stateTimeline(
  { title: 'Light', description: 'Alerts that fire, by tier. Green: the tier is quiet.' },
  alertTiers.map((tier) => ({
    expr: `count(ALERTS{alertstate="firing",tier="${tier}",${trouble}}) or vector(0)`,
    legend: tierMeaning[tier],
    colorFromOne: tierColor[tier],
  })),
);

export const firingNow: PanelSpec = table(
  { title: 'Firing now', description: 'Every alert that fires at this moment, with the thing it speaks of.' },
  `max by (tier, alertname, target, line, queue, device) (ALERTS{alertstate="firing",${trouble}})`,
);

export const alertStates: PanelSpec = stateTimeline(
  {
    title: 'Alerts',
    description: 'Each alert from pending (1) to firing (2). A drill measures how long that takes.',
  },
  [
    {
      expr: `max by (tier, alertname, target) (ALERTS{alertstate="pending",${trouble}} or 2 * ALERTS{alertstate="firing",${trouble}})`,
      legend: '{{tier}} {{alertname}} {{target}}',
    },
  ],
  words([1, 'pending', 'yellow'], [2, 'firing', bad]),
);

export const reachable: PanelSpec = stateTimeline(
  { title: 'MES and databases', description: 'Whether each answered the last scrape.' },
  [
    { expr: of('mes', metrics.up.name), legend: '{{target}}' },
    { expr: of('database', metrics.dbUp.name), legend: '{{target}}' },
  ],
  words([1, 'up', good], [0, 'down', bad]),
);

export const queuesConsumed: PanelSpec = stateTimeline(
  {
    title: 'Queues',
    description: 'Whether each queue has a consumer; dead-letter and parking queues never have one.',
  },
  [
    {
      expr: `${of('broker', metrics.queueConsumers.name, `,queue!~"${unconsumedQueues}"`)} > bool 0`,
      legend: '{{queue}}',
    },
  ],
  words([1, 'consumed', good], [0, 'nobody', bad]),
);

export const devicesHeard: PanelSpec = timeSeries(
  {
    title: 'Silent devices',
    description: 'Devices of each line that missed a heartbeat, while it could have come through.',
  },
  units.Short,
  [
    {
      expr: `${of('mes', devicesSilent.record)} or 0 * count by (target, line) (${of('mes', metrics.deviceLastHeartbeat.name)})`,
      legend: '{{line}}',
    },
  ],
);

export const heartbeatAge: PanelSpec = timeSeries(
  {
    title: 'Oldest heartbeat',
    description: 'Age of the oldest heartbeat on each line. Over 35 s a probe was missed.',
  },
  units.Seconds,
  [
    {
      expr: `time() - min by (target, line) (${of('mes', metrics.deviceLastHeartbeat.name)})`,
      legend: '{{line}}',
    },
  ],
  { warnAt: 35 },
);

export const operationSuccess: PanelSpec = timeSeries(
  {
    title: 'Operations that succeed',
    description: 'Share over 30 s. Without traffic it is 1 while the MES answers.',
  },
  units.PercentUnit,
  [{ expr: of('mes', operationSuccessRatio.record), legend: '{{target}}' }],
  { max: 1 },
);

export const operationRate: PanelSpec = timeSeries(
  { title: 'Operations', description: 'MES operations per second over 30 s, and those that fail.' },
  units.OpsPerSecond,
  [
    { expr: of('mes', operationsRate.record), legend: '{{target}}' },
    {
      expr: `sum by (target) (${rate(of('mes', metrics.operationsFailed.name))})`,
      legend: '{{target}} failed',
    },
  ],
);

export const operationWait: PanelSpec = timeSeries(
  { title: 'Wait (p95)', description: 'How long 19 of 20 operations of each kind wait at most.' },
  units.Seconds,
  [
    {
      expr: `histogram_quantile(0.95, sum by (le, operation) (${rate(of('mes', `${metrics.operationWait.name}_bucket`))}))`,
      legend: '{{operation}}',
    },
  ],
);

export const blockedSessions: PanelSpec = timeSeries(
  {
    title: 'Blocked sessions',
    description: 'Sessions that wait for a lock. From three on it is an A alert.',
  },
  units.Short,
  [{ expr: of('database', metrics.dbBlockedSessions.name), legend: '{{target}}' }],
  { warnAt: 3 },
);

export const lockWait: PanelSpec = timeSeries(
  { title: 'Oldest lock wait', description: 'The longest wait for a lock, and the transaction at its root.' },
  units.Seconds,
  [
    { expr: of('database', metrics.dbOldestLockWait.name), legend: '{{target}}' },
    {
      expr: of('database', metrics.dbRootBlockerTransaction.name),
      legend: '{{target}}: held by {{application}}',
    },
  ],
);

export const connections: PanelSpec = timeSeries(
  { title: 'Connections in use', description: 'Share of max_connections. Watermarks at 70, 85 and 95 %.' },
  units.PercentUnit,
  [
    {
      expr: `${of('database', metrics.dbConnections.name)} / ${of('database', metrics.dbConnectionsMax.name)}`,
      legend: '{{target}}',
    },
  ],
  { max: 1, warnAt: 0.95 },
);

export const poolWaiting: PanelSpec = timeSeries(
  { title: 'Waiting for a connection', description: 'Requests of the MES that queue for its own pool.' },
  units.Short,
  [{ expr: of('mes', metrics.dbPoolWaiting.name), legend: '{{target}}' }],
);

export const oldestTransaction: PanelSpec = timeSeries(
  { title: 'Oldest transaction', description: 'Age of the oldest open transaction in each state.' },
  units.Seconds,
  [{ expr: of('database', metrics.dbOldestTransaction.name), legend: '{{target}} {{state}}' }],
);

export const queueDepth: PanelSpec = timeSeries(
  { title: 'Messages waiting', description: 'Messages in each queue that no consumer has taken.' },
  units.Short,
  [{ expr: of('broker', metrics.queueReady.name), legend: '{{queue}}' }],
);

export const queueAcked: PanelSpec = timeSeries(
  { title: 'Messages done', description: 'Messages acknowledged per second, and delivered again.' },
  units.OpsPerSecond,
  [
    { expr: rate(of('broker', metrics.queueAcked.name)), legend: '{{queue}}' },
    { expr: rate(of('broker', metrics.queueRedelivered.name)), legend: '{{queue}} again' },
  ],
);

export const workOrders: PanelSpec = timeSeries(
  { title: 'Work orders', description: 'Unfinished work orders by ISA-95 state.' },
  units.Short,
  [{ expr: of('mes', metrics.workOrders.name, ',state!~"ended|aborted"'), legend: '{{state}}' }],
);

export const collectorsWork: PanelSpec = stateTimeline(
  { title: 'Collectors', description: 'Whether each collector of the exporter finished.' },
  [{ expr: metrics.collectorSuccess.name, legend: '{{collector}} of {{target}}' }],
  words([1, 'works', good], [0, 'failed', bad]),
);

export const collectorDuration: PanelSpec = timeSeries(
  { title: 'Collector duration', description: 'How long each collector takes. At 3 s it is given up.' },
  units.Seconds,
  [{ expr: metrics.collectorDuration.name, legend: '{{collector}} of {{target}}' }],
);
