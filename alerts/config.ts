import { z } from 'zod';
import { duration } from '../kit/duration.ts';
import { shiftsSection } from './shifts.ts';
import { slosSection } from './slos.ts';
import { thresholdsSection } from './thresholds.ts';
import { type AlertTier, alertTiers } from './tiers.ts';

/** Rates are taken over 30 s and need two samples even when one scrape in between is lost. */
const longestScrapeIntervalMs = 10_000;

/** Prometheus and Alertmanager refuse a zero here. */
const neverZero = [
  'scrape_interval',
  'scrape_timeout',
  'evaluation_interval',
  'group_interval',
  'repeat_interval',
] as const;

const receiver = z.strictObject({
  name: z.string(),
  url: z.url(),
  /** A file that holds the bearer token; Alertmanager reads it for each delivery. */
  token_file: z.string().optional(),
  /** Which tiers it is told of. */
  tiers: z
    .array(z.enum(alertTiers))
    .min(1)
    .default([...alertTiers]),
  /** It is sent the Watchdog so often, whatever its tiers are, so that it can notice when alerts stop arriving. */
  heartbeat: duration.refine((ms) => ms >= 1000, 'must be at least 1s').optional(),
});

/** Waiting times of one tier that differ from those of the section. */
const tierTiming = z
  .strictObject({
    group_wait: duration.optional(),
    group_interval: duration.optional(),
    repeat_interval: duration.optional(),
  })
  .superRefine((timing, context) => {
    for (const key of ['group_interval', 'repeat_interval'] as const)
      if (timing[key] === 0)
        context.addIssue({ code: 'custom', path: [key], message: 'must be longer than 0s' });
  });

/** `alerts:` in andon.yaml: the timing that the detection bound is computed from (in milliseconds), and who is told. */
export const alertsSection = z
  .strictObject({
    scrape_interval: duration.prefault('5s'),
    scrape_timeout: duration.prefault('4s'),
    evaluation_interval: duration.prefault('5s'),
    group_wait: duration.prefault('1s'),
    // An alert that comes back within half a minute finds its old group, and waits for this instead of group_wait.
    group_interval: duration.prefault('1s'),
    repeat_interval: duration.prefault('4h'),
    /** Other waiting times for a tier, as in `C: {group_wait: 5m, repeat_interval: 24h}`. */
    tiers: z.partialRecord(z.enum(alertTiers), tierTiming).default({}),
    /** What stands before `#alertname` in the annotation runbook_url. */
    runbook_base_url: z.string().default('docs/alerts/codes.md'),
    /** Where Grafana is: each alert links to the dashboard that shows it. */
    grafana_url: z.url().default('http://127.0.0.1:3000'),
    receivers: z.array(receiver).default([]),
    thresholds: thresholdsSection,
    slos: slosSection,
    shifts: shiftsSection,
  })
  .superRefine((timing, context) => {
    const problem = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (timing.scrape_timeout > timing.scrape_interval)
      problem('scrape_timeout', 'must not be longer than scrape_interval: Prometheus refuses that');
    if (timing.scrape_interval > longestScrapeIntervalMs)
      problem('scrape_interval', 'must be at most 10s: the rules take rates over 30s');
    for (const key of neverZero) if (timing[key] === 0) problem(key, 'must be longer than 0s');
  });

export type AlertsConfig = z.output<typeof alertsSection>;
export type AlertReceiver = z.output<typeof receiver>;

/** What the rules are made from. */
export type RuleSettings = Pick<AlertsConfig, 'thresholds' | 'slos' | 'shifts'>;

/** The part of the section that decides how soon an alert is delivered; all in milliseconds. */
export type AlertTiming = Pick<
  AlertsConfig,
  'scrape_interval' | 'scrape_timeout' | 'evaluation_interval' | 'group_wait' | 'group_interval' | 'tiers'
>;

/** The waiting times of one tier: its own, or those of the section. */
export function groupTiming(
  config: Pick<AlertsConfig, 'group_wait' | 'group_interval' | 'repeat_interval' | 'tiers'>,
  tier: AlertTier,
): Pick<AlertsConfig, 'group_wait' | 'group_interval' | 'repeat_interval'> {
  const own = config.tiers[tier];
  return {
    group_wait: own?.group_wait ?? config.group_wait,
    group_interval: own?.group_interval ?? config.group_interval,
    repeat_interval: own?.repeat_interval ?? config.repeat_interval,
  };
}
