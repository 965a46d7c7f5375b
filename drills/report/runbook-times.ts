import { deliveryOf } from './expected-run.ts';
import { between } from './numbers.ts';
import type { Report } from './schema.ts';

/** A runbook is wanted to be under way so soon after its alert was delivered. */
export const startLimitSeconds = 2;

/** One station on the way from the alert to proven recovery. */
export interface RunbookTime {
  label: string;
  at: string | null;
  /** Seconds since the station before it that has a time; null for the first. */
  after: number | null;
}

/**
 * Delivered → started → healed → verified. The drill and the runbook service are told of an alert side by side, so a runbook may
 * start some milliseconds before the drill has noted the delivery: that counts as no time.
 */
export function runbookTimes(run: Report['runbooks'][number], alerts: Report['alerts']): RunbookTime[] {
  const stations: [string, string | null][] = [
    ['Alert delivered', deliveryOf(run, alerts)],
    ['Runbook started', run.startedAt],
    ['Target healed', run.healedAt ?? null],
    ['Verified', run.verifiedAt ?? null],
  ];
  let before: string | null = null;
  return stations.map(([label, at]) => {
    const after = at !== null && before !== null ? Math.max(0, between(before, at)) : null;
    before = at ?? before;
    return { label, at, after };
  });
}
