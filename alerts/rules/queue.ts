import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';

/** A dead-letter queue has no consumer by design; it is known by its name, which this regular expression matches. */
export const deadLetterQueues = '.*dead.?letters?.*|.*[._-]dlq';

export const queueRules = (_settings: RuleSettings): readonly AlertRule[] => [
  {
    name: 'MesQueueStuck',
    tier: 'A',
    code: 'QUE-A-101',
    cause: 'third-party',
    expr: `${metrics.queueConsumers.name}{queue!~"${deadLetterQueues}"} == 0
and on (target, vhost, queue) ${metrics.queueReady.name} > 0`,
    forMs: 10_000,
    summary: 'The queue {{ $labels.queue }} has messages and no consumer',
    description:
      'What the MES reported does not reach the system behind this queue. Nothing is lost while the queue holds it. ' +
      'Look whether the consumer runs and can reach the broker.',
  },
  {
    name: 'MesQueueDeadLetters',
    tier: 'B',
    code: 'QUE-B-201',
    cause: 'third-party',
    expr: `${metrics.queueReady.name}{queue=~"${deadLetterQueues}"} > 0`,
    forMs: 0,
    summary: '{{ $value }} messages lie in {{ $labels.queue }}',
    description:
      'A consumer refused them for good, so its system misses what they say. Read one, mend the reason, and publish ' +
      'them again.',
  },
];
