import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { groupMembersOfDay } from '../remembered.ts';
import type { AlertRule } from '../rule.ts';
import { rising } from './rising.ts';

const members = metrics.queueGroupMembers.name;
const lag = metrics.queueGroupLag.name;

/** A group that nobody has worked in for a day is not missed: clusters are full of the groups of old trials. */
const workedLately = `(max_over_time(${members}[1h]) > 0 or ${groupMembersOfDay.record} > 0)`;

const abandoned: AlertRule = {
  name: 'MesQueueGroupEmpty',
  tier: 'A',
  code: 'QUE-A-106',
  cause: 'third-party',
  owner: 'it',
  expr: `${members} == 0
and on (target, group) sum by (target, group) (${lag}) > 0
and on (target, group) ${workedLately}`,
  forMs: 10_000,
  when: 'a Kafka consumer group with lag has no member, and had one within a day, 10 s',
  summary: 'Nobody works in the consumer group {{ $labels.group }}',
  meaning:
    'What the MES reported does not reach the system behind this group. Nothing is lost while Kafka keeps it.',
  action: 'Look whether its consumers run and can reach the brokers; mind the retention of the topic.',
};

const lagRising = (least: number): AlertRule => ({
  name: 'MesQueueGroupLagRising',
  tier: 'B',
  code: 'QUE-B-206',
  cause: 'third-party',
  owner: 'it',
  expr: rising(lag, least),
  forMs: 0,
  onset: { ms: 15 * 60_000, reason: 'it must have risen for 15 min' },
  when: `the lag of a Kafka consumer group has risen for 15 min, to at least ${least}`,
  summary: 'The group {{ $labels.group }} falls behind on {{ $labels.topic }}',
  detail: '{{ $value }} messages behind.',
  meaning: 'Messages come faster than this group works on them; the system behind it falls behind the line.',
  action: 'Look whether a consumer hangs at one partition; else give the group more of them.',
});

export const kafkaRules = ({ thresholds: { queue } }: RuleSettings): readonly AlertRule[] => [
  abandoned,
  lagRising(queue.group_lag_least),
];
