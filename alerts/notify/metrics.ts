import { counter, gauge } from '../../exporters/metric.ts';

/** What the notifier says of itself. `receiver` is a name of andon.yaml. The totals survive a restart. */
export const notifyMetrics = {
  accepted: counter(
    'andon_notify_notices_accepted_total',
    ['status'],
    'Alerts that Alertmanager told of and that were stored.',
  ),
  omitted: counter('andon_notify_omitted_total', [], 'Alerts that Alertmanager said it had left out.'),
  unrouted: counter(
    'andon_notify_unrouted_total',
    ['tier'],
    'Alerts that no route matched, so that nobody was told.',
  ),
  delivered: counter(
    'andon_notify_delivered_total',
    ['receiver'],
    'Notices of alerts delivered to this receiver.',
  ),
  messages: counter(
    'andon_notify_messages_total',
    ['receiver'],
    'Messages delivered; one can carry many notices.',
  ),
  failed: counter(
    'andon_notify_failed_attempts_total',
    ['receiver'],
    'Attempts that failed or were refused.',
  ),
  buried: counter('andon_notify_dead_letters_total', ['receiver'], 'Notices that were given up.'),
  possiblyTwice: counter(
    'andon_notify_possibly_twice_total',
    ['receiver'],
    'Messages sent again because the notifier ended while it sent them.',
  ),
  escalated: counter(
    'andon_notify_escalated_total',
    ['receiver'],
    'Alerts passed on to this receiver because nobody had acknowledged.',
  ),
  deadLetters: gauge(
    'andon_notify_dead_letters',
    ['receiver'],
    'Notices that were given up and not retried since.',
  ),
  pending: gauge('andon_notify_pending', ['receiver'], 'Notices that wait to be delivered.'),
  oldestPending: gauge(
    'andon_notify_oldest_pending_timestamp_seconds',
    ['receiver'],
    'Since when the oldest of them waits; missing when none does.',
  ),
  lastHeartbeat: gauge(
    'andon_notify_last_heartbeat_timestamp_seconds',
    [],
    'When the Watchdog last arrived; missing before the first.',
  ),
  heartbeatLost: gauge('andon_notify_heartbeat_lost', [], 'Whether the Watchdog has stopped arriving.'),
};
