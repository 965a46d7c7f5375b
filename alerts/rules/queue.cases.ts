import {
  always,
  growing,
  grownOnce,
  type RuleCase,
  type Series,
  until,
  valuesOn,
} from '../testing/rule-case.ts';

const series = (metric: string, queue: string) => `${metric}{target="mes-queue",vhost="/",queue="${queue}"}`;
const consumers = (queue: string) => series('mes_queue_consumers', queue);
const ready = (queue: string) => series('mes_queue_messages_ready', queue);
const acked = (queue: string) => series('mes_queue_messages_acked_total', queue);
const unacked = (queue: string) => series('mes_queue_messages_unacked', queue);
const died = series('mes_queue_messages_dead_lettered_total', 'mes.dead-letters');
const labels = (queue: string) => ({ target: 'mes-queue', vhost: '/', queue });

const tenMinutes = { stepSeconds: 15, firingStep: 40 };
const windowSteps = 20;
const on = valuesOn(tenMinutes);
const erp = 'erp.operations';
/** Messages have waited since the firing step minus the window, and the last one was acknowledged then. */
const hanging = (more: Series = {}): Series => ({
  [ready(erp)]: on.at((step) => (step < tenMinutes.firingStep - windowSteps ? 0 : 40)),
  [acked(erp)]: on.at((step) => 1000 + Math.min(step, tenMinutes.firingStep - windowSteps)),
  ...more,
});
/** A consumer without a prefetch limit holds all that has come since then; nothing waits. */
const holding = (more: Series = {}): Series => ({
  [unacked(erp)]: on.at((step) => Math.max(0, step - tenMinutes.firingStep + windowSteps + 1)),
  ...hanging({ [ready(erp)]: on.always(0) }),
  ...more,
});
const notDraining: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesQueueNotDraining',
  tier: 'A',
  fires: hanging(),
  whenMissing: 'silent',
  labels: labels(erp),
  timeline: tenMinutes,
  notEarlier: true,
};

const deadLettering: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesQueueDeadLettering',
  tier: 'B',
  fires: { [died]: grownOnce(1) },
  whenMissing: 'silent',
  labels: labels('mes.dead-letters'),
};

export const queueCases: readonly RuleCase[] = [
  {
    alert: 'MesQueueDown',
    tier: 'A',
    fires: { 'mes_queue_up{target="mes-queue"}': until(1, 0, 10_000) },
    justUnder: { 'mes_queue_up{target="mes-queue"}': always(1) },
    whenMissing: 'silent',
    labels: { target: 'mes-queue' },
  },
  {
    alert: 'MesQueueStuck',
    tier: 'A',
    fires: { [consumers(erp)]: always(0), [ready(erp)]: until(0, 1, 10_000) },
    justUnder: { [consumers(erp)]: always(1), [ready(erp)]: always(500) },
    whenMissing: 'silent',
    labels: labels(erp),
  },
  {
    // Nobody consumes dead letters, and that is right.
    alert: 'MesQueueStuck',
    tier: 'A',
    fires: { [consumers('wms.moves')]: until(1, 0, 10_000), [ready('wms.moves')]: always(7) },
    justUnder: { [consumers('mes.dead-letters')]: always(0), [ready('mes.dead-letters')]: always(7) },
    whenMissing: 'silent',
    labels: labels('wms.moves'),
  },
  // One message was acknowledged, or the queue was empty for a moment.
  { ...notDraining, justUnder: hanging({ [acked(erp)]: on.grownOnce(1, 5) }) },
  { ...notDraining, justUnder: hanging({ [ready(erp)]: on.at((step) => (step === 30 ? 0 : 40)) }) },
  // A consumer that never acknowledges; but one that holds messages does, even if it has not yet.
  { ...notDraining, justUnder: hanging({ [acked(erp)]: on.always(0), [unacked(erp)]: on.always(0) }) },
  {
    ...notDraining,
    fires: hanging({ [acked(erp)]: on.always(0), [unacked(erp)]: on.always(9) }),
    // A queue that has been watched for two minutes, and dead letters.
    justUnder: hanging({ [ready(erp)]: on.at((step) => (step < 32 ? '_' : 40)) }),
  },
  // One long job, and nothing behind it.
  { ...notDraining, fires: holding(), justUnder: holding({ [unacked(erp)]: on.always(1) }) },
  // One message was acknowledged, or all were given back for a moment.
  { ...notDraining, fires: holding(), justUnder: holding({ [acked(erp)]: on.grownOnce(1, 5) }) },
  {
    ...notDraining,
    fires: holding(),
    justUnder: holding({ [unacked(erp)]: on.at((step) => (step === 30 ? 0 : step)) }),
  },
  // Nothing was held at the begin; and somebody who looks through dead letters.
  {
    ...notDraining,
    fires: holding(),
    justUnder: holding({ [unacked(erp)]: on.at((step) => Math.max(0, step - 25)) }),
  },
  {
    ...notDraining,
    fires: holding(),
    justUnder: { [unacked('mes.dead-letters')]: on.growing(1), [acked('mes.dead-letters')]: on.always(7) },
  },
  {
    ...notDraining,
    justUnder: { [ready('mes.dead-letters')]: on.always(7), [acked('mes.dead-letters')]: on.always(7) },
  },
  {
    alert: 'MesQueueDeadLetters',
    tier: 'B',
    fires: { [ready('mes.dead-letters')]: until(0, 1, 0) },
    justUnder: { [ready('mes.dead-letters')]: always(0), [ready(erp)]: always(9) },
    whenMissing: 'silent',
    labels: labels('mes.dead-letters'),
  },
  {
    // What was put aside is no dead letter any more, and stuck neither.
    alert: 'MesQueueDeadLetters',
    tier: 'B',
    fires: { [ready('mes.dead-letters')]: until(0, 1, 0) },
    justUnder: { [ready('mes.dead-letters.parked')]: always(5) },
    whenMissing: 'silent',
    labels: labels('mes.dead-letters'),
  },
  {
    alert: 'MesQueueStuck',
    tier: 'A',
    fires: { [consumers(erp)]: always(0), [ready(erp)]: until(0, 1, 10_000) },
    justUnder: { [consumers('erp.parked')]: always(0), [ready('erp.parked')]: always(7) },
    whenMissing: 'silent',
    labels: labels(erp),
  },
  {
    alert: 'MesQueueParked',
    tier: 'C',
    fires: { [ready('mes.dead-letters.parked')]: until(0, 1, 0) },
    justUnder: { [ready('mes.dead-letters.parked')]: always(0), [ready('mes.dead-letters')]: always(9) },
    whenMissing: 'silent',
    labels: labels('mes.dead-letters.parked'),
  },
  { ...deadLettering, justUnder: { [died]: growing(0) } },
  // Its other alert says so already.
  { ...deadLettering, justUnder: { [died]: grownOnce(1), [ready('mes.dead-letters')]: always(1) } },
];
