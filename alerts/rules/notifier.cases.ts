import { always, at, firingSecond, type RuleCase, until } from '../testing/rule-case.ts';

const up = 'up{job="andon-notify",instance="x"}';
const deadLetters = 'andon_notify_dead_letters{receiver="line-group"}';
const oldest = 'andon_notify_oldest_pending_timestamp_seconds{receiver="line-group"}';
const receiver = { receiver: 'line-group' };

export const notifierCases: readonly RuleCase[] = [
  {
    alert: 'MesNotifierDown',
    tier: 'B',
    fires: { [up]: until(1, 0, 30_000) },
    justUnder: { [up]: always(1) },
    whenMissing: 'silent',
    labels: { job: 'andon-notify', instance: 'x' },
  },
  {
    alert: 'MesNotifierDeadLetters',
    tier: 'B',
    fires: { [deadLetters]: until(0, 1, 0) },
    justUnder: { [deadLetters]: always(0) },
    whenMissing: 'silent',
    labels: receiver,
  },
  {
    alert: 'MesNotifierBehind',
    tier: 'B',
    fires: { [oldest]: at(() => firingSecond - 301) },
    justUnder: { [oldest]: at(() => firingSecond - 300) },
    whenMissing: 'silent',
    labels: receiver,
    notEarlier: true,
  },
];
