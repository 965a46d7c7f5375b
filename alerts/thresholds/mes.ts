import { z } from 'zod';
import { share, upperNumbers, window } from './tiered.ts';

/** `alerts.thresholds.mes:` in andon.yaml. */
export const mesThresholds = z.strictObject({
  /** A: so large a share of the operations fails. */
  operations_failing: share.default(0.5),
  /** B: one operation in twenty waits longer than this, over 5 min. */
  wait_p95: window.prefault('3s'),
  /** Fewer operations of a kind in 5 min say nothing about waiting. */
  wait_least: z.int().min(1).default(20),
  /** How many times the limit of its state (`exporter.state_limits`) a work order has stayed there. */
  work_order_overdue: upperNumbers(1, 3),
  /** So long no work order of a line that should produce has moved. */
  line_idle: window.prefault('15m'),
  /** Fewer operations than this in the long window of a burn rate say nothing about a share. */
  slo_least: z.int().min(1).default(100),
  /** C: the OEE is so much lower than a week before, as a share of it. */
  oee_drop: share.default(0.2),
});
