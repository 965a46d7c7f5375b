import { stringify } from 'yaml';
import { labelsOf } from '../prometheus-rules.ts';
import type { AlertRule } from '../rule.ts';

/** Scrapes and evaluations of a test, as in the defaults of the section. */
export const stepSeconds = 5;
/** The step at which the alert must fire; series go on for a few more. */
export const firingStep = 24;
const steps = firingStep + 4;
export const firingSecond = firingStep * stepSeconds;

/** One value for each scrape; `_` is a scrape without the series, `stale` a scrape that failed. */
export type Values = readonly (number | '_' | 'stale')[];
/** Selector of a series, as in `mes_up{target="mes"}` → its values. */
export type Series = Readonly<Record<string, Values>>;

/** What every alert must prove. */
export interface RuleCase {
  alert: string;
  tier: AlertRule['tier'];
  /** The condition becomes true exactly `for` before the firing step, so that one evaluation earlier it is pending. */
  fires: Series;
  /** Nearly the same, and nothing may fire. Undefined only for an alert that can never be silent. */
  justUnder: Series | undefined;
  /** What it says when none of its series exist. */
  whenMissing: 'silent' | 'fires';
  /** Labels of the firing alert, besides those that the rule sets. */
  labels: Readonly<Record<string, string>>;
  /** The same when none of its series exist, where that differs. */
  missingLabels?: Readonly<Record<string, string>>;
}

/** The same value in every scrape. */
export const always = (value: number): Values => Array.from({ length: steps + 1 }, () => value);

/** One value until the condition of a rule with this `for` must become true, and another from then on. */
export const until = (before: Values[number], after: Values[number], forMs: number): Values =>
  always(0).map((_, step) => (step < firingStep - forMs / 1000 / stepSeconds ? before : after));

/** A counter that grows by so much in each scrape. */
export const growing = (perStep: number): Values => always(0).map((_, step) => step * perStep);

/** promtool's test file for one alert: it fires, not earlier, not just under, through a failed scrape, and without series. */
export function renderCase(ruleFile: string, rule: AlertRule, testCase: RuleCase): string {
  const lostScrape = Object.fromEntries(
    Object.entries(testCase.fires).map(([series, values]) => [series, values.with(firingStep + 1, 'stale')]),
  );
  const { fires, justUnder, labels, missingLabels = labels } = testCase;
  const look = (name: string, series: Series, step: number, expected: RuleCase['labels'] | undefined) => ({
    name,
    interval: `${stepSeconds}s`,
    input_series: Object.entries(series).map(([selector, values]) => ({
      series: selector,
      values: values.join(' '),
    })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${rule.name}",tier="${rule.tier}",alertstate="firing"}`,
        eval_time: `${step * stepSeconds}s`,
        exp_samples: expected === undefined ? [] : [firingSeries(rule, expected)],
      },
    ],
  });
  const tests = [
    look('it fires', fires, firingStep, labels),
    ...(justUnder
      ? [look('it stays silent just under its threshold', justUnder, firingStep, undefined)]
      : []),
    look('it survives a failed scrape', lostScrape, firingStep + 1, labels),
    look('without series', {}, firingStep, testCase.whenMissing === 'fires' ? missingLabels : undefined),
    ...(rule.forMs > 0 ? [look('it waits for its time', fires, firingStep - 1, undefined)] : []),
  ];
  return stringify({ rule_files: [ruleFile], evaluation_interval: `${stepSeconds}s`, tests });
}

function firingSeries(rule: AlertRule, labels: RuleCase['labels']) {
  const all = {
    alertname: rule.name,
    alertstate: 'firing',
    ...labelsOf(rule),
    ...labels,
  };
  const pairs = Object.entries(all).map(([label, value]) => `${label}="${value}"`);
  return { labels: `ALERTS{${pairs.join(',')}}`, value: 1 };
}
