import { z } from 'zod';

/** `alerts.thresholds.sync:` in andon.yaml. */
export const syncThresholds = z.strictObject({});
