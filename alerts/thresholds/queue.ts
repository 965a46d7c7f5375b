import { z } from 'zod';
import { share, upperDurations, window } from './tiered.ts';

/** `alerts.thresholds.queue:` in andon.yaml. */
export const queueThresholds = z.strictObject({
  /** A: messages wait so long, and none is acknowledged. */
  nothing_acked_for: window.prefault('5m'),
  /** B: so many messages are delivered again for each one acknowledged, over 5 min, and at least so many. */
  redelivered_share: share.default(0.1),
  redelivered_least: z.int().min(1).default(5),
  /** Age of the oldest message that waits. */
  oldest_message: upperDurations('1m', '5m'),
  /** How long the probe of the canary is under way. */
  canary: upperDurations('1m', '5m'),
  /** B: the lag of a Kafka consumer group has grown for 15 min, and is at least so large. */
  group_lag_least: z.int().min(1).default(100),
});
