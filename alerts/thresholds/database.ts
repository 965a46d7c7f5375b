import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { tieredDurations, tieredShares } from './tiered.ts';

/** `alerts.thresholds.database:` in andon.yaml. */
export const databaseThresholds = z.strictObject({
  /** A: so many sessions wait, and the first of them longer than `blocked_for`. */
  blocked_sessions: z.int().min(1).default(3),
  blocked_for: duration.prefault('1s'),
  /** The oldest wait for a lock. */
  lock_wait: tieredDurations('3s', '10s', '30s'),
  /** Open connections as a share of what the server allows. */
  connections: tieredShares(0.7, 0.85, 0.95),
});
