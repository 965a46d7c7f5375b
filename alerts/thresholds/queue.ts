import { z } from 'zod';

/** `alerts.thresholds.queue:` in andon.yaml. */
export const queueThresholds = z.strictObject({});
