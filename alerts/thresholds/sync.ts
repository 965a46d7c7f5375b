import { z } from 'zod';
import { share, tieredNumbers } from './tiered.ts';

/** `alerts.thresholds.sync:` in andon.yaml. */
export const syncThresholds = z.strictObject({
  /** The last success is so many intervals old. */
  late: tieredNumbers(2, 4, 10),
  /** B: the waiting records have grown for 15 min, and are at least so many. */
  pending_least: z.int().min(1).default(10),
  /** B: records differed in so many comparisons in a row. */
  differing_checks: z.int().min(2).default(3),
  /** A: so many records differ, or so large a share of those compared. */
  differing_records: z.int().min(1).default(100),
  differing_share: share.default(0.01),
  /** A share of few records says nothing: fewer than so many are never an A. */
  differing_least: z.int().min(1).default(5),
  /** B: the last comparison is so many intervals old. */
  check_overdue: z.number().min(1).default(2),
});
