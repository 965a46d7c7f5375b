import { z } from 'zod';
import { share } from './tiered.ts';

/** `alerts.thresholds.mes:` in andon.yaml. */
export const mesThresholds = z.strictObject({
  /** A: so large a share of the operations fails. */
  operations_failing: share.default(0.5),
});
