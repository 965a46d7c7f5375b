import { notifyMetrics } from '../notify/metrics.ts';
import { notifierJob } from '../prometheus-config.ts';
import type { AlertRule } from '../rule.ts';

/** On the way of alerts to people. Where `andon notify serve` is not scraped, they say nothing. */
export const notifierRules: readonly AlertRule[] = [
  {
    name: 'MesNotifierDown',
    tier: 'B',
    code: 'MON-B-205',
    owner: 'it',
    expr: `up{job="${notifierJob}"} == 0`,
    forMs: 30_000,
    canHang: true,
    when: 'the notifier cannot be scraped, 30 s',
    summary: 'The Andon notifier cannot be scraped',
    meaning:
      'Alerts may reach nobody by WeCom, DingTalk or mail until it runs again; then it goes on where it stopped.',
    action: 'Look whether `andon notify serve` runs. Let Alertmanager tell somebody by a second way too.',
  },
  {
    name: 'MesNotifierDeadLetters',
    tier: 'B',
    code: 'MON-B-206',
    owner: 'it',
    expr: `${notifyMetrics.deadLetters.name} > 0`,
    forMs: 0,
    when: 'a notice could not be delivered and was given up',
    summary: '{{ $value }} notices for {{ $labels.receiver }} were given up',
    meaning:
      'People were not told of these alerts: the receiver refused them, or did not take them for a day.',
    action:
      'Read the reasons with `andon notify failed`, mend the receiver, and send them with `andon notify retry`.',
  },
  {
    name: 'MesNotifierBehind',
    tier: 'B',
    code: 'MON-B-207',
    owner: 'it',
    expr: `time() - ${notifyMetrics.oldestPending.name} > 300`,
    forMs: 0,
    onset: { ms: 300_000, reason: 'a notice must have waited for 5 min' },
    when: 'a notice has waited for over 5 min to be delivered',
    summary: '{{ $labels.receiver }} has not taken a notice for {{ $value | humanizeDuration }}',
    meaning:
      'Its robot, mail server or webhook does not answer or refuses for now. Nothing is lost; it is tried again.',
    action: 'Read the log of `andon notify serve` for the reason.',
  },
];
