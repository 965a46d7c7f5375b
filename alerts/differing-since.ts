import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

const record = 'mes:consistency_differing:since_timestamp_seconds';
const differs = `last_over_time(${metrics.consistencyMismatched.name}[30s])`;

/**
 * Since when records have differed in every comparison; no value where they do not. It goes by its own last value, because
 * no window of PromQL can be as long as three intervals of a comparison. A lost scrape and a restart of Prometheus of
 * less than two minutes do not make it begin anew.
 */
export const differingSince: RecordingRule = {
  record,
  expr: `(last_over_time(${record}[2m]) or ${differs} * 0 + time()) and ${differs} > 0`,
};
