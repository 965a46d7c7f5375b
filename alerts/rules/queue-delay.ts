import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import { percent, span } from '../wording.ts';
import { unconsumedQueues } from './queue.ts';

type Thresholds = RuleSettings['thresholds']['queue'];

const redelivered = ({ redelivered_share, redelivered_least }: Thresholds): AlertRule => {
  const again = `round(increase(${metrics.queueRedelivered.name}[5m]))`;
  return {
    name: 'MesQueueRedelivering',
    tier: 'B',
    code: 'QUE-B-202',
    cause: 'third-party',
    owner: 'it',
    expr: `${again} >= ${redelivered_least} and ${again} > ${redelivered_share} * increase(${metrics.queueAcked.name}[5m])`,
    forMs: 0,
    when: `at least ${redelivered_least} messages and ${percent(redelivered_share)} of those acknowledged were delivered again in 5 min`,
    summary: 'Messages of {{ $labels.queue }} are delivered again and again',
    detail: '{{ $value }} within 5 min.',
    meaning:
      'The consumer takes messages and gives them back, or breaks off; it works on the same ones twice.',
    action: 'Look at the log of the consumer for the message that it fails on, and at its connection.',
  };
};

const oldest = (tier: 'A' | 'B', limitMs: number, forMs: number): AlertRule => ({
  name: 'MesQueueMessageOld',
  tier,
  code: { A: 'QUE-A-104', B: 'QUE-B-204' }[tier],
  cause: 'third-party',
  owner: 'it',
  expr: `time() - ${metrics.queueOldestMessage.name}{queue!~"${unconsumedQueues}"} > ${limitMs / 1000}`,
  forMs,
  onset: { ms: limitMs, reason: `a message must have waited for ${span(limitMs)}` },
  when: `the oldest message of a queue has waited for over ${span(limitMs)}, ${span(forMs)}`,
  summary: 'A message has waited in {{ $labels.queue }} for {{ $value | humanizeDuration }}',
  meaning: 'The system behind this queue is that far behind the line.',
  action: 'Look whether its consumer keeps up, and whether it stands still at one message.',
});

const pending = `time() - ${metrics.queueCanaryPending.name}`;
const canaryText = (limitMs: number) => ({
  name: 'MesQueueCanaryLate',
  cause: 'third-party' as const,
  owner: 'it' as const,
  onset: { ms: limitMs, reason: `the probe must have been under way for ${span(limitMs)}` },
  summary: 'Messages take {{ $value | humanizeDuration }} through {{ $labels.target }}',
  meaning:
    'A probe that the exporter sends through the broker comes late or not at all; so does what the MES sends.',
  action: 'Look at the alarms of the broker (memory, disk), at its load, and at its cluster.',
});

const canaryLost = (limitMs: number): AlertRule => ({
  ...canaryText(limitMs),
  tier: 'A',
  code: 'QUE-A-105',
  expr: `${pending} > ${limitMs / 1000}`,
  forMs: 10_000,
  when: `a probe through the broker is under way for over ${span(limitMs)}, 10 s`,
});

const canaryLate = (limitMs: number): AlertRule => ({
  ...canaryText(limitMs),
  tier: 'B',
  code: 'QUE-B-205',
  expr: `${pending} > ${limitMs / 1000}
or on (target, vhost, queue) histogram_quantile(0.95, rate(${metrics.queueCanaryRoundtrip.name}_bucket[5m])) > ${limitMs / 1000}`,
  forMs: 0,
  when: `a probe through the broker is under way for over ${span(limitMs)}, or one in twenty of 5 min was`,
});

export const queueDelayRules = ({ thresholds: { queue } }: RuleSettings): readonly AlertRule[] => [
  redelivered(queue),
  oldest('A', queue.oldest_message.a, 10_000),
  oldest('B', queue.oldest_message.b, 30_000),
  canaryLost(queue.canary.a),
  canaryLate(queue.canary.b),
];
