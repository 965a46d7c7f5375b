import { z } from 'zod';
import { tieredShares } from './tiered.ts';

/** Early notice, function at risk, standstill ahead. */
const watermarks = tieredShares(0.7, 0.85, 0.95);

/** `alerts.thresholds.host:` in andon.yaml: shares in use, at or above which a host is too full. */
export const hostThresholds = z.strictObject({
  cpu: watermarks,
  memory: watermarks,
  disk: watermarks,
  inodes: watermarks,
});
