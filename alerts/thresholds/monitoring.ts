import { z } from 'zod';

/** `alerts.thresholds.monitoring:` in andon.yaml. */
export const monitoringThresholds = z.strictObject({});
