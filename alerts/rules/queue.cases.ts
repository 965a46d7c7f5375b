import { always, type RuleCase, until } from '../testing/rule-case.ts';

const series = (metric: string, queue: string) => `${metric}{target="mes-queue",vhost="/",queue="${queue}"}`;
const consumers = (queue: string) => series('mes_queue_consumers', queue);
const ready = (queue: string) => series('mes_queue_messages_ready', queue);
const labels = (queue: string) => ({ target: 'mes-queue', vhost: '/', queue });

export const queueCases: readonly RuleCase[] = [
  {
    alert: 'MesQueueStuck',
    tier: 'A',
    fires: { [consumers('erp.operations')]: always(0), [ready('erp.operations')]: until(0, 1, 10_000) },
    justUnder: { [consumers('erp.operations')]: always(1), [ready('erp.operations')]: always(500) },
    whenMissing: 'silent',
    labels: labels('erp.operations'),
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
  {
    alert: 'MesQueueDeadLetters',
    tier: 'B',
    fires: { [ready('mes.dead-letters')]: until(0, 1, 0) },
    justUnder: { [ready('mes.dead-letters')]: always(0), [ready('erp.operations')]: always(9) },
    whenMissing: 'silent',
    labels: labels('mes.dead-letters'),
  },
];
