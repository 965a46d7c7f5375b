import { counter, gauge, histogram } from '../metric.ts';

/** The MES: its operations, its work orders, the output of its lines. */
export const mesMetrics = {
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

  // Inputs of the OEE (ISO 22400): APT/PBT × PRI·PQ/APT × GQ/PQ, each counter taken with increase().
  linePlannedBusy: gauge(
    'mes_line_planned_busy',
    ['target', 'line'],
    'Whether the shift plan says that this line should be producing now.',
  ),
  plannedBusySeconds: counter(
    'mes_planned_busy_seconds_total',
    ['target', 'line'],
    'Planned busy time (PBT).',
  ),
  actualProductionSeconds: counter(
    'mes_actual_production_seconds_total',
    ['target', 'line'],
    'Actual production time (APT).',
  ),
  producedItems: counter(
    'mes_produced_items_total',
    ['target', 'line'],
    'Produced quantity (PQ), scrap included.',
  ),
  goodItems: counter('mes_good_items_total', ['target', 'line'], 'Good quantity (GQ).'),
  plannedRunTimePerItem: gauge(
    'mes_planned_run_time_per_item_seconds',
    ['target', 'line'],
    'Planned run time per item (PRI).',
  ),
};
