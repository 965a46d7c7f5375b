import type { AlertRule } from '../../alerts/rule.ts';
import type { Expected, Scenario } from './scenario.ts';

/** The promise of the default configuration: so long after its condition is true an A alert is delivered at the latest. */
export const conditionLimitMs = 30_000;

/** What the clock said of one alert, Unix milliseconds; what did not happen is undefined. */
export interface Times {
  readonly madeAt: number;
  /** When Prometheus first answered the rule's expression with this very instance. */
  readonly trueAt?: number | undefined;
  readonly deliveredAt?: number | undefined;
}

/** One line of the table: an alert that was made to fire, the reason why this computer cannot, or why the attempt failed. */
export type Finding = { readonly rule: AlertRule; readonly boundMs: number; readonly onsetMs: number } & (
  | { readonly notFired: string }
  | { readonly failed: string }
  | { readonly cause: string; readonly before: Expected['before']; readonly times: Times }
);

export type Measured = Extract<Finding, { times: Times }>;

/** The two durations that are promised; undefined where the alert never came. */
export const faultToDeliveredMs = ({ times }: Measured): number | undefined =>
  times.deliveredAt === undefined ? undefined : times.deliveredAt - times.madeAt;
export const conditionToDeliveredMs = ({ times }: Measured): number | undefined =>
  times.deliveredAt === undefined || times.trueAt === undefined
    ? undefined
    : Math.max(0, times.deliveredAt - times.trueAt);

/** Why the alert was late or nothing is known; undefined when it was in time, and for one that this computer cannot make fire. */
export function whyLate(finding: Finding): string | undefined {
  if (finding.boundMs - finding.onsetMs > conditionLimitMs)
    return `its bound allows more than ${conditionLimitMs / 1000} s from the condition`;
  if ('notFired' in finding) return undefined;
  if ('failed' in finding) return `its scenario failed: ${finding.failed}`;
  const fault = faultToDeliveredMs(finding);
  const condition = conditionToDeliveredMs(finding);
  if (fault === undefined) return 'it was not delivered';
  if (condition === undefined) return 'its condition was never seen true';
  if (fault > finding.boundMs + (finding.before?.ms ?? 0)) return 'later than its bound';
  if (condition > conditionLimitMs) return `more than ${conditionLimitMs / 1000} s after its condition`;
  return undefined;
}

/** The A alerts that no scenario makes and no reason excuses, and what is claimed for alerts that do not exist. */
export function gaps(
  rules: readonly AlertRule[],
  scenarios: readonly Pick<Scenario, 'expects'>[],
  excused: Readonly<Record<string, string>>,
): { readonly missing: string[]; readonly unknown: string[] } {
  const wanted = new Set(rules.filter(({ tier }) => tier === 'A').map(({ name }) => name));
  const claimed = new Set([
    ...scenarios.flatMap(({ expects }) => expects.map(({ alert }) => alert)),
    ...Object.keys(excused),
  ]);
  return {
    missing: [...wanted].filter((name) => !claimed.has(name)),
    unknown: [...claimed].filter((name) => !wanted.has(name)),
  };
}
