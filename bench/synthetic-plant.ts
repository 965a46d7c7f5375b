import { metrics } from '../exporters/catalogue.ts';
import type { Metric } from '../exporters/metric.ts';
import { Series } from '../exporters/sample.ts';

/** One series of a plant that does not exist: its name with labels, and its value at a moment (Unix seconds). */
export interface SyntheticSeries {
  readonly selector: string;
  at(second: number): number;
}

/** How large the plant is. */
export const plantSize = { lines: 10, devices: 500, queues: 50, databases: 5, operations: 20, groups: 10 };

const bounds = [
  '0.005',
  '0.01',
  '0.025',
  '0.05',
  '0.1',
  '0.25',
  '0.5',
  '1',
  '2.5',
  '3',
  '5',
  '10',
  '30',
  '60',
  '+Inf',
];
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const steady = (value: number) => () => value;
/** A counter that grows by so much a second. */
const growing = (perSecond: number) => (second: number) => Math.floor(perSecond * second);
const age = (seconds: number) => (second: number) => second - (second % seconds);

function one<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<NoInfer<L>, string>>,
  at: (second: number) => number,
): SyntheticSeries {
  return { selector: new Series(metric, labels).prefix.trim(), at };
}

function histogram<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<NoInfer<L>, string>>,
): SyntheticSeries[] {
  const { labelText } = new Series(metric, labels);
  // Nine in ten within 0.1 s, and nearly all of the rest within a second.
  const share = (index: number) => growing(2 * (index < 4 ? 0.2 * index : index < 7 ? 0.9 : 0.999));
  return [
    ...bounds.map((le, index) => ({
      selector: `${metric.name}_bucket{${labelText},le="${le}"}`,
      at: share(index),
    })),
    { selector: `${metric.name}_count{${labelText}}`, at: growing(2) },
    { selector: `${metric.name}_sum{${labelText}}`, at: growing(0.4) },
  ];
}

const target = 'mes';
const states = ['not_allowed_to_start', 'allowed_to_start', 'running', 'interrupted', 'ended'];
const moves = [
  ['allowed_to_start', 'running'],
  ['running', 'interrupted'],
  ['interrupted', 'running'],
  ['running', 'ended'],
] as const;

const mes = (): SyntheticSeries[] => [
  one(metrics.up, { target }, steady(1)),
  one(metrics.dbPoolWaiting, { target }, steady(0)),
  ...numbers(plantSize.operations).flatMap((index) => {
    const labels = { target, operation: `operation-${index}` };
    return [
      one(metrics.operations, labels, growing(2)),
      one(metrics.operationsFailed, labels, growing(0.004)),
      ...histogram(metrics.operationWait, labels),
    ];
  }),
  ...states.flatMap((state) => [
    one(metrics.workOrders, { target, state }, steady(40)),
    one(metrics.workOrderOldestStateEntry, { target, state }, age(3000)),
    one(metrics.workOrderStateLimit, { target, state }, steady(28_800)),
  ]),
];

const line = (index: number): SyntheticSeries[] => {
  const labels = { target, line: `L${index}` };
  return [
    one(metrics.linePlannedBusy, labels, steady(1)),
    one(metrics.plannedBusySeconds, labels, growing(1)),
    one(metrics.producedItems, labels, growing(0.1)),
    one(metrics.goodItems, labels, growing(0.09)),
    one(metrics.plannedRunTimePerItem, labels, steady(9)),
    ...moves.map(([from, to]) => one(metrics.workOrderTransitions, { ...labels, from, to }, growing(0.02))),
  ];
};

const device = (index: number): SyntheticSeries[] => {
  const labels = { target, line: `L${(index % plantSize.lines) + 1}`, device: `PLC-${index}` };
  // Some are silent, so that the alerts on them have something to say.
  const heard = index % 250 === 0 ? steady(1_000_000_000) : age(30);
  return [
    one(metrics.deviceLastHeartbeat, labels, heard),
    one(
      metrics.deviceState,
      { ...labels, state: index % 250 === 1 ? 'not_available' : 'executing' },
      steady(1),
    ),
    one(metrics.deviceSequenceGaps, labels, growing(index % 250 === 2 ? 0.01 : 0)),
    one(metrics.deviceDeaths, labels, steady(1)),
  ];
};

const queue = (index: number): SyntheticSeries[] => {
  const labels = { target: 'mes-queue', vhost: '/', queue: `queue.${index}` };
  return [
    one(metrics.queueReady, labels, (second) => second % 7),
    one(metrics.queueUnacked, labels, steady(3)),
    one(metrics.queueConsumers, labels, steady(index === 10 ? 0 : 2)),
    one(metrics.queueAcked, labels, growing(5)),
    one(metrics.queueRedelivered, labels, growing(0.1)),
    one(metrics.queueDeadLettered, labels, growing(0)),
    one(metrics.queueOldestMessage, labels, age(20)),
  ];
};

const broker = (): SyntheticSeries[] => [
  one(metrics.queueUp, { target: 'mes-queue' }, steady(1)),
  one(metrics.queueUp, { target: 'mes-kafka' }, steady(1)),
  ...histogram(metrics.queueCanaryRoundtrip, { target: 'mes-queue', vhost: '/', queue: 'andon.canary' }),
  one(metrics.queueCanaryPending, { target: 'mes-queue', vhost: '/', queue: 'andon.canary' }, age(10)),
  ...numbers(plantSize.groups).flatMap((index) => {
    const labels = { target: 'mes-kafka', group: `group-${index}` };
    return [
      one(metrics.queueGroupMembers, labels, steady(index === 5 ? 0 : 3)),
      ...numbers(2).map((topic) =>
        one(metrics.queueGroupLag, { ...labels, topic: `topic-${topic}` }, (second) => second % 50),
      ),
    ];
  }),
];

const database = (index: number): SyntheticSeries[] => {
  const labels = { target: `db-${index}` };
  return [
    one(metrics.dbUp, labels, steady(1)),
    one(metrics.dbBlockedSessions, labels, (second) => second % 3),
    one(metrics.dbOldestLockWait, labels, (second) => second % 2),
    one(metrics.dbRootBlockerTransaction, { ...labels, application: 'mes' }, steady(4)),
    one(metrics.dbConnections, labels, steady(60)),
    one(metrics.dbConnectionsMax, labels, steady(100)),
    one(metrics.dbDeadlocks, labels, growing(0.001)),
    one(metrics.dbReplicationLag, labels, steady(1)),
    ...['active', 'idle_in_transaction'].map((state) =>
      one(metrics.dbOldestTransaction, { ...labels, state }, steady(2)),
    ),
  ];
};

const sync = (index: number): SyntheticSeries[] => {
  const way = { target, source: 'mes', destination: 'erp', entity: `entity-${index}` };
  const pair = { target: `stock-${index}`, source: 'mes', destination: 'wms' };
  return [
    one(metrics.syncLastSuccess, way, age(60)),
    one(metrics.syncInterval, way, steady(60)),
    one(metrics.syncPending, way, (second) => second % 30),
    one(metrics.consistencyLastCheck, pair, age(300)),
    one(metrics.consistencyCheckInterval, pair, steady(300)),
    ...['material', 'batch', 'quantity'].flatMap((dimension) => [
      one(metrics.consistencyMismatched, { ...pair, dimension }, steady(index === 2 ? 1 : 0)),
      one(metrics.consistencyCompared, { ...pair, dimension }, steady(10_000)),
    ]),
  ];
};

const host = (): SyntheticSeries[] => {
  const labels = { target: 'plant-server' };
  return [
    ...['user', 'system', 'iowait', 'idle'].map((mode) =>
      one(metrics.hostCpuSeconds, { ...labels, mode }, growing(1)),
    ),
    one(metrics.hostMemoryTotal, labels, steady(64e9)),
    one(metrics.hostMemoryAvailable, labels, steady(16e9)),
    ...['/', '/srv', '/var'].flatMap((mountpoint) => [
      one(metrics.hostFilesystemSize, { ...labels, mountpoint }, steady(1e12)),
      one(metrics.hostFilesystemAvailable, { ...labels, mountpoint }, steady(2e11)),
      one(metrics.hostFilesystemInodes, { ...labels, mountpoint }, steady(1e6)),
      one(metrics.hostFilesystemInodesFree, { ...labels, mountpoint }, steady(5e5)),
    ]),
  ];
};

const collectors = (): SyntheticSeries[] =>
  numbers(30).flatMap((index) => {
    const labels = { collector: `collector-${index}`, target: `db-${(index % plantSize.databases) + 1}` };
    return [
      one(metrics.collectorSuccess, labels, steady(1)),
      one(metrics.collectorLastSuccess, labels, age(5)),
      one(metrics.collectorSeriesDropped, labels, steady(0)),
      one(metrics.collectorDuration, labels, steady(0.01)),
    ];
  });

/** Everything that the exporter of that plant publishes. */
export const plantSeries = (): SyntheticSeries[] => [
  ...mes(),
  ...numbers(plantSize.lines).flatMap(line),
  ...numbers(plantSize.devices).flatMap(device),
  ...numbers(plantSize.queues).flatMap(queue),
  ...broker(),
  ...numbers(plantSize.databases).flatMap(database),
  ...numbers(10).flatMap(sync),
  ...host(),
  ...collectors(),
];
