import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { lowerDurations, lowerNumbers, tieredDurations, tieredShares, window } from './tiered.ts';

/** `alerts.thresholds.database:` in andon.yaml. */
export const databaseThresholds = z.strictObject({
  /** A: so many sessions wait, and the first of them longer than `blocked_for`. */
  blocked_sessions: z.int().min(1).default(3),
  blocked_for: duration.prefault('1s'),
  /** A: so many sessions wait all the time, however short each of them. */
  crowded_sessions: z.int().min(1).default(10),
  crowded_for: window.prefault('1m'),
  /** The oldest wait for a lock. */
  lock_wait: tieredDurations('3s', '10s', '30s'),
  /** Open connections as a share of what the server allows. */
  connections: tieredShares(0.7, 0.85, 0.95),
  /** More deadlocks than this in 5 min. */
  deadlocks: lowerNumbers(0, 5),
  /** The oldest open transaction. */
  transaction: lowerDurations('5m', '15m'),
  /** How far a replica is behind. */
  replication_lag: tieredDurations('5s', '30s', '5m'),
  /** B: requests of the MES queue so long for its connection pool without a break. */
  pool_waiting_for: window.prefault('1m'),
});
