import type { Metric } from '../../exporters/metric.ts';
import { type Sample, sample } from '../../exporters/sample.ts';
import { alertTiers } from '../tiers.ts';
import type { CounterName } from './counters.ts';
import { notifyMetrics as metrics } from './metrics.ts';
import type { NotifyStore } from './store.ts';

/** The metrics of now. Every receiver has all its series from the start, so that a first failure is an increase. */
export function notifySamples(store: NotifyStore, receivers: readonly string[]): Sample[] {
  const { counters } = store;
  const byReceiver = (metric: Metric<'receiver'>, name: CounterName) =>
    filled(counters.of(name), receivers).map(([receiver, value]) => sample(metric, { receiver }, value));
  return [
    ...filled(counters.of('notices'), ['firing', 'resolved']).map(([status, value]) =>
      sample(metrics.accepted, { status }, value),
    ),
    sample(metrics.omitted, {}, counters.of('omitted').get('') ?? 0),
    ...filled(counters.of('unrouted'), alertTiers).map(([tier, value]) =>
      sample(metrics.unrouted, { tier }, value),
    ),
    ...byReceiver(metrics.delivered, 'delivered'),
    ...byReceiver(metrics.messages, 'messages'),
    ...byReceiver(metrics.failed, 'failed'),
    ...byReceiver(metrics.buried, 'buried'),
    ...byReceiver(metrics.possiblyTwice, 'possibly-twice'),
    ...byReceiver(metrics.escalated, 'escalated'),
    ...filled(store.deadLetters.counts(), receivers).map(([receiver, value]) =>
      sample(metrics.deadLetters, { receiver }, value),
    ),
    ...queueSamples(store, receivers),
    ...heartbeatSamples(store),
  ];
}

function queueSamples(store: NotifyStore, receivers: readonly string[]): Sample[] {
  const pending = store.deliveries.pending();
  const counts = new Map(pending.map(({ receiver, count }) => [receiver, count]));
  return [
    ...filled(counts, receivers).map(([receiver, value]) => sample(metrics.pending, { receiver }, value)),
    ...pending.map(({ receiver, oldest }) => sample(metrics.oldestPending, { receiver }, oldest / 1000)),
  ];
}

function heartbeatSamples({ facts }: NotifyStore): Sample[] {
  const last = facts.get('last-heartbeat');
  return [
    ...(last === undefined ? [] : [sample(metrics.lastHeartbeat, {}, last / 1000)]),
    sample(metrics.heartbeatLost, {}, facts.get('heartbeat-lost') === undefined ? 0 : 1),
  ];
}

const filled = (found: ReadonlyMap<string, number>, labels: readonly string[]): [string, number][] => [
  ...new Map([...labels.map((label) => [label, 0] as const), ...found]),
];
