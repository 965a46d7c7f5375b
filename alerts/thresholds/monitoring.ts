import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

/** `alerts.thresholds.monitoring:` in andon.yaml. */
export const monitoringThresholds = z.strictObject({
  /** A collector has not succeeded for so long: three scrapes at the longest interval allowed. */
  stale_after: duration.prefault('30s'),
});
