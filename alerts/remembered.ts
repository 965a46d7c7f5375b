import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

/** The most members that a Kafka consumer group had within a day. */
export const groupMembersOfDay: RecordingRule = {
  record: 'mes:queue_group_members:max1d',
  slow: true,
  expr: `max_over_time(${metrics.queueGroupMembers.name}[1d:15m])`,
};

/** How many work orders of a line have moved within four hours. */
export const recentMoves: RecordingRule = {
  record: 'mes:work_order_transitions:increase4h',
  slow: true,
  expr: `sum by (target, line) (increase(${metrics.workOrderTransitions.name}[4h:15m]))`,
};
