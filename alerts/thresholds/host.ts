import { z } from 'zod';

/** `alerts.thresholds.host:` in andon.yaml. */
export const hostThresholds = z.strictObject({});
