import { z } from 'zod';
import { duration } from '../kit/duration.ts';
import { shiftsSection } from './shifts.ts';
import { slosSection } from './slos.ts';
import { thresholdsSection } from './thresholds.ts';

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
});

/** `alerts:` in andon.yaml: the timing that the detection bound is computed from (in milliseconds), and who is told. */
export const alertsSection = z
  .strictObject({
    scrape_interval: duration.prefault('5s'),
    scrape_timeout: duration.prefault('4s'),
    evaluation_interval: duration.prefault('5s'),
    group_wait: duration.prefault('1s'),
    group_interval: duration.prefault('5s'),
    repeat_interval: duration.prefault('4h'),
    /** What stands before `#alertname` in the annotation runbook_url. */
    runbook_base_url: z.string().default('alerts/README.md'),
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
  'scrape_interval' | 'scrape_timeout' | 'evaluation_interval' | 'group_wait'
>;
