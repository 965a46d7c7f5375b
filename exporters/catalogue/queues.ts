import { counter, gauge, histogram } from '../metric.ts';

/** The brokers and their queues. */
export const queueMetrics = {
  queueReady: gauge(
    'mes_queue_messages_ready',
    ['target', 'vhost', 'queue'],
    'Messages that wait for a consumer.',
  ),
  queueUnacked: gauge(
    'mes_queue_messages_unacked',
    ['target', 'vhost', 'queue'],
    'Messages delivered and not yet acknowledged.',
  ),
  queueConsumers: gauge(
    'mes_queue_consumers',
    ['target', 'vhost', 'queue'],
    'Consumers attached to the queue.',
  ),
  queueAcked: counter(
    'mes_queue_messages_acked_total',
    ['target', 'vhost', 'queue'],
    'Messages acknowledged.',
  ),
  queueRedelivered: counter(
    'mes_queue_messages_redelivered_total',
    ['target', 'vhost', 'queue'],
    'Messages delivered again.',
  ),
  queueDeadLettered: counter(
    'mes_queue_messages_dead_lettered_total',
    ['target', 'vhost', 'queue'],
    'Messages moved to a dead-letter queue; of the whole node, without vhost and queue, where only its Prometheus endpoint is read.',
  ),
  queueOldestMessage: gauge(
    'mes_queue_oldest_message_timestamp_seconds',
    ['target', 'vhost', 'queue'],
    'When the oldest waiting message was published.',
  ),
  queueUp: gauge('mes_queue_up', ['target'], 'Whether the broker answered the request of this scrape.'),
  queueCanaryRoundtrip: histogram(
    'mes_queue_canary_roundtrip_seconds',
    ['target', 'vhost', 'queue'],
    'Time from the first attempt to publish a probe message to receiving it.',
  ),
  queueCanaryPending: gauge(
    'mes_queue_canary_oldest_pending_timestamp_seconds',
    ['target', 'vhost', 'queue'],
    'When the oldest probe message was first sent that has not come back; absent while none is under way.',
  ),
  queueGroupLag: gauge(
    'mes_queue_group_lag_messages',
    ['target', 'group', 'topic'],
    'Messages of a Kafka topic that a consumer group has not yet committed; never negative.',
  ),
  queueGroupMembers: gauge(
    'mes_queue_group_members',
    ['target', 'group'],
    'Members of a Kafka consumer group.',
  ),
};
