import {
  always,
  at,
  firingSecond,
  growing,
  grownOnce,
  type RuleCase,
  type Series,
  valuesOn,
} from '../testing/rule-case.ts';

const queue = 'target="mes-queue",vhost="/",queue="erp.operations"';
const labels = { target: 'mes-queue', vhost: '/', queue: 'erp.operations' };
const redelivered = `mes_queue_messages_redelivered_total{${queue}}`;
const acked = `mes_queue_messages_acked_total{${queue}}`;
const oldest = `mes_queue_oldest_message_timestamp_seconds{${queue}}`;

const again: Omit<RuleCase, 'fires' | 'justUnder'> = {
  alert: 'MesQueueRedelivering',
  tier: 'B',
  whenMissing: 'silent',
  labels,
};

const old = (tier: 'A' | 'B', seconds: number, forSeconds: number): RuleCase => ({
  alert: 'MesQueueMessageOld',
  tier,
  fires: { [oldest]: at(() => firingSecond - seconds - forSeconds - 1) },
  justUnder: {
    [oldest]: at(() => firingSecond - seconds),
    [oldest.replace('erp.operations', 'mes.dead-letters')]: always(-9000),
  },
  whenMissing: 'silent',
  labels,
});

const canary = 'target="mes-queue",vhost="/",queue="andon.canary"';
const pending = `mes_queue_canary_oldest_pending_timestamp_seconds{${canary}}`;
const late = (tier: 'A' | 'B', seconds: number, forSeconds: number): RuleCase => ({
  alert: 'MesQueueCanaryLate',
  tier,
  fires: { [pending]: at(() => firingSecond - seconds - forSeconds - 1) },
  justUnder: { [pending]: at(() => firingSecond - seconds) },
  whenMissing: 'silent',
  labels: { target: 'mes-queue', vhost: '/', queue: 'andon.canary' },
});

const sixMinutes = { stepSeconds: 15, firingStep: 24 };
const slow = valuesOn(sixMinutes);
/** A hundred probes in each scrape, so many of them within a minute. */
const roundtrips = (within: number): Series =>
  Object.fromEntries(
    Object.entries({ '30': 0, '60': within, '120': 100, '+Inf': 100 }).map(([le, count]) => [
      `mes_queue_canary_roundtrip_seconds_bucket{${canary},le="${le}"}`,
      slow.growing(count),
    ]),
  );

export const queueDelayCases: readonly RuleCase[] = [
  // Eleven of a hundred acknowledged, and ten.
  {
    ...again,
    fires: { [redelivered]: growing(11), [acked]: growing(100) },
    justUnder: { [redelivered]: growing(10), [acked]: growing(100) },
  },
  // Nothing is acknowledged at all: five are too many, four say nothing yet.
  {
    ...again,
    fires: { [redelivered]: grownOnce(5), [acked]: growing(0) },
    justUnder: { [redelivered]: grownOnce(4), [acked]: growing(0) },
  },
  old('A', 300, 10),
  old('B', 60, 30),
  late('A', 300, 10),
  late('B', 60, 0),
  { ...late('B', 60, 0), timeline: sixMinutes, fires: roundtrips(94), justUnder: roundtrips(95) },
];
