import { metrics } from '../../exporters/catalogue.ts';
import { promDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import { span } from '../wording.ts';

/** A dead-letter queue has no consumer by design; it is known by its name, which this regular expression matches. */
export const deadLetterQueues = '.*dead.?letters?.*|.*[._-]dlq';

/** Where messages were put aside for a person (kit/rabbitmq/parking.ts): known by the end of its name, and without a consumer too. */
export const parkingQueues = '.*[.]parked';
/** All that nobody consumes, by design. */
export const unconsumedQueues = `${deadLetterQueues}|${parkingQueues}`;

const ready = metrics.queueReady.name;
const acked = metrics.queueAcked.name;
const unacked = metrics.queueUnacked.name;
const living = `{queue!~"${unconsumedQueues}"}`;
const dead = `{queue=~"${deadLetterQueues}",queue!~"${parkingQueues}"}`;
const same = 'on (target, vhost, queue)';

const down: AlertRule = {
  name: 'MesQueueDown',
  tier: 'A',
  code: 'QUE-A-102',
  cause: 'network',
  owner: 'it',
  expr: `${metrics.queueUp.name} == 0`,
  forMs: 10_000,
  canHang: true,
  when: 'the broker does not answer, 10 s',
  summary: 'The broker {{ $labels.target }} does not answer',
  meaning:
    'What the MES reports reaches no other system until it is back, and every alert on its queues is blind.',
  action:
    'Look whether the broker runs, whether it is short of memory or disk, and whether the password still holds.',
};

const stuck: AlertRule = {
  name: 'MesQueueStuck',
  tier: 'A',
  code: 'QUE-A-101',
  cause: 'third-party',
  owner: 'it',
  expr: `${metrics.queueConsumers.name}${living} == 0
and ${same} ${ready} > 0`,
  forMs: 10_000,
  when: 'messages and no consumer, 10 s',
  summary: 'The queue {{ $labels.queue }} has messages and no consumer',
  meaning:
    'What the MES reported does not reach the system behind this queue. Nothing is lost while the queue holds it. ' +
    'Dead-letter and parking queues are left out: they have no consumer by design.',
  action: 'Look whether the consumer runs and can reach the broker.',
};

/** A consumer that is not asked to acknowledge never does: nothing is known of such a queue. */
const acknowledges = `(max_over_time(${acked}[1h]) > 0 or ${same} ${unacked} > 0)`;

/** Messages were there at the begin of the window and ever since. */
const waited = (window: string) =>
  `min_over_time(${ready}${living}[${window}]) > 0 and ${same} ${ready} offset ${window} > 0`;

/**
 * A consumer without a prefetch limit takes all that comes, also when it hangs: then nothing waits in the queue. Only that it holds
 * more than before tells it from one that works on a single long job.
 */
const piledUp = (window: string) =>
  `${unacked}${living} > (${unacked} offset ${window} > 0) and ${same} min_over_time(${unacked}[${window}]) > 0`;

/** Counters come from the broker's statistics, which lag behind: the last acknowledgement shows up so much later. */
const countedLateMs = 10_000;

const notDraining = (windowMs: number): AlertRule => {
  const window = promDuration(windowMs);
  return {
    name: 'MesQueueNotDraining',
    tier: 'A',
    code: 'QUE-A-103',
    cause: 'third-party',
    owner: 'it',
    expr: `(${waited(window)}
or ${piledUp(window)})
and ${same} increase(${acked}[${window}]) == 0 and ${same} ${acked} offset ${window}
and ${same} ${acknowledges}`,
    forMs: 0,
    onset: {
      ms: windowMs + countedLateMs,
      reason: `nothing must have been acknowledged for ${span(windowMs)}, and the broker counts ${span(countedLateMs)} late`,
    },
    when: `messages wait, or consumers hold more and more, and none is acknowledged for ${span(windowMs)}`,
    summary: 'Nothing leaves the queue {{ $labels.queue }}',
    detail: '{{ $value }} or more messages wait or are held.',
    meaning:
      'A consumer is attached and does nothing: the system behind this queue misses what the MES reported. ' +
      'One without a prefetch limit holds all that comes, and none waits in the queue.',
    action:
      'Look at the log of the consumer; restart it if it hangs. A message that it cannot read stands at the head of the queue.',
  };
};

const deadLetters: AlertRule = {
  name: 'MesQueueDeadLetters',
  tier: 'B',
  code: 'QUE-B-201',
  cause: 'third-party',
  owner: 'it',
  expr: `${ready}${dead} > 0`,
  forMs: 0,
  when: 'any dead letter',
  summary: '{{ $value }} messages lie in {{ $labels.queue }}',
  meaning: 'A consumer refused them for good, so its system misses what they say.',
  action: 'Read one, mend the reason, and publish them again.',
};

/** For dead letters that are taken away at once, or lie in a queue whose name does not tell. */
const deadLettering: AlertRule = {
  name: 'MesQueueDeadLettering',
  tier: 'B',
  code: 'QUE-B-203',
  cause: 'third-party',
  owner: 'it',
  expr: `round(increase(${metrics.queueDeadLettered.name}[5m])) > 0
unless ${same} ${ready}${dead} > 0`,
  forMs: 0,
  when: 'a message was dead-lettered in 5 min, and does not show as MesQueueDeadLetters',
  summary: '{{ $value }} messages became dead letters on {{ $labels.target }} within 5 min',
  meaning: 'A consumer refused them for good, or they expired; its system misses what they say.',
  action: 'Find out who takes dead letters away, and whether it publishes them again.',
};

/** Dead letters that had their second chance, and whatever else was put aside: nothing gets worse, and somebody must read them. */
const parked: AlertRule = {
  name: 'MesQueueParked',
  tier: 'C',
  code: 'QUE-C-301',
  cause: 'third-party',
  owner: 'it',
  expr: `${ready}{queue=~"${parkingQueues}"} > 0`,
  forMs: 0,
  when: 'any message in a queue whose name ends with .parked',
  summary: '{{ $value }} messages were put aside in {{ $labels.queue }}',
  meaning: 'A runbook or a person has put them aside; the system that they were for misses what they say.',
  action: 'Read one, mend the reason, and publish them again or delete them.',
};

export const queueRules = ({ thresholds: { queue } }: RuleSettings): readonly AlertRule[] => [
  down,
  stuck,
  notDraining(queue.nothing_acked_for),
  deadLetters,
  deadLettering,
  parked,
];
