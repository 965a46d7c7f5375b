import { counter, gauge, histogram } from './metric.ts';

/**
 * Every metric that the exporter publishes. Rules, dashboards and probes take names from here, so that a rename
 * fails to compile. Every series of a target carries `target`: on /metrics all targets stand side by side.
 */
export const metrics = {
  // The MES: its operations and work orders.
  up: gauge('mes_up', ['target'], 'Whether the MES answered the check of this scrape.'),
  operations: counter(
    'mes_operations_total',
    ['target', 'operation'],
    'MES operations attempted, failed ones included.',
  ),
  operationsFailed: counter(
    'mes_operations_failed_total',
    ['target', 'operation'],
    'MES operations that failed.',
  ),
  operationWait: histogram(
    'mes_operation_wait_seconds',
    ['target', 'operation'],
    'How long one MES operation made its caller wait.',
  ),
  workOrders: gauge(
    'mes_work_orders',
    ['target', 'state'],
    'Work orders now in each ISA-95 job-order state.',
  ),
  workOrderOldestStateEntry: gauge(
    'mes_work_order_oldest_state_entry_timestamp_seconds',
    ['target', 'state'],
    'When the unfinished work order that is longest in this state entered it.',
  ),
  workOrderStateLimit: gauge(
    'mes_work_order_state_limit_seconds',
    ['target', 'state'],
    'Longest time a work order should stay in this state.',
  ),
  workOrderTransitions: counter(
    'mes_work_order_transitions_total',
    ['target', 'line', 'from', 'to'],
    'Work-order state changes made, by ISA-95 job-order state.',
  ),

  // The devices of the lines.
  deviceLastHeartbeat: gauge(
    'mes_device_last_heartbeat_timestamp_seconds',
    ['target', 'line', 'device'],
    'When the device last answered or reported.',
  ),
  deviceState: gauge(
    'mes_device_state',
    ['target', 'line', 'device', 'state'],
    'Always 1, for the state the device is in now.',
  ),

  // The databases. Ages are taken by the database's own clock.
  dbUp: gauge('mes_db_up', ['target'], 'Whether the database answered the query of this scrape.'),
  dbBlockedSessions: gauge(
    'mes_db_blocked_sessions',
    ['target'],
    'Sessions that wait for a lock which another session holds.',
  ),
  dbOldestLockWait: gauge(
    'mes_db_oldest_lock_wait_seconds',
    ['target'],
    'Longest lock wait now, by the clock of the database.',
  ),
  dbRootBlockerTransaction: gauge(
    'mes_db_root_blocker_transaction_seconds',
    ['target', 'application'],
    'Age of the transaction that blocks others and waits for nobody, for the five oldest applications.',
  ),
  dbConnections: gauge('mes_db_connections', ['target'], 'Connections open on the server now.'),
  dbConnectionsMax: gauge('mes_db_connections_max', ['target'], 'Connections the server allows.'),
  dbOldestTransaction: gauge(
    'mes_db_oldest_transaction_seconds',
    ['target', 'state'],
    'Age of the oldest open transaction, by the clock of the database; 0 when none is open.',
  ),
  dbDeadlocks: counter('mes_db_deadlocks_total', ['target'], 'Deadlocks the database has detected.'),
  dbPoolWaiting: gauge(
    'mes_db_pool_waiting_requests',
    ['target'],
    'Requests of the MES that queue for a free connection of its pool.',
  ),

  // The queues.
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

  // The exporter itself. `target` is the system the collector asked.
  collectorSuccess: gauge(
    'mes_exporter_collector_success',
    ['collector', 'target'],
    'Whether this collector finished in this scrape.',
  ),
  collectorDuration: gauge(
    'mes_exporter_collector_duration_seconds',
    ['collector', 'target'],
    'How long this collector took in this scrape.',
  ),
  buildInfo: gauge(
    'mes_exporter_build_info',
    ['version', 'node_version'],
    'Always 1: which build is running.',
  ),
};
