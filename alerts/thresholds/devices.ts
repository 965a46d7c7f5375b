import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { share } from './tiered.ts';

/** `alerts.thresholds.devices:` in andon.yaml. */
export const devicesThresholds = z.strictObject({
  /** A: so large a share of a line's devices is silent, and at least so many. */
  silent_share: share.default(0.2),
  silent_least: z.int().min(1).default(3),
  /** B: a device says for so long that it is not available, while its line should produce. */
  not_available_for: duration.prefault('1m'),
});
