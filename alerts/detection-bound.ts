import type { AlertTiming } from './config.ts';
import type { AlertRule } from './rule.ts';

/**
 * The longest time from the fault to the delivery of its alert, in milliseconds: the condition's own onset, the wait
 * for a scrape, for an evaluation, for `for` (held at evaluations only), and for the group; and the scrape's timeout
 * where the target can hang. Proven by drills, which hold a stopwatch on it.
 */
export function detectionBoundMs(
  rule: Pick<AlertRule, 'tier' | 'forMs' | 'canHang' | 'onset'>,
  timing: AlertTiming,
): number {
  const held = Math.ceil(rule.forMs / timing.evaluation_interval) * timing.evaluation_interval;
  const hang = rule.canHang ? timing.scrape_timeout : 0;
  const onset = rule.onset?.ms ?? 0;
  const own = timing.tiers[rule.tier];
  // A group that still exists from the last time makes an alert wait for its interval.
  const groupWait = Math.max(
    own?.group_wait ?? timing.group_wait,
    own?.group_interval ?? timing.group_interval,
  );
  return onset + timing.scrape_interval + hang + timing.evaluation_interval + held + groupWait;
}
