import { stringify } from 'yaml';
import { labelsOf, ruleGroupNames } from '../prometheus-rules.ts';
import type { AlertRule } from '../rule.ts';
import { withCounterReset } from './counter-reset.ts';
import { type RuleCase, type Series, usualTimeline } from './rule-case.ts';

/** How long before the firing step a counter of a test is set back. */
const resetBefore = 3;

/** A slow series of a test is recorded at each evaluation, and before what uses it. */
const groups = Object.values(ruleGroupNames);

/** How every query about one alert begins; promtool's findings quote it. */
export const firingQuery = ({ name, tier }: Pick<AlertRule, 'name' | 'tier'>): string =>
  `ALERTS{alertname="${name}",tier="${tier}",alertstate="firing"`;

/** Whether the alert fires. No alert has a label `proves`: it is there so that a finding tells what was not proven. */
const isFiring = (rule: AlertRule, proves: string): string => `${firingQuery(rule)},proves!="${proves}"}`;

/**
 * promtool's test file for one case: it fires, not earlier, goes on through a failed scrape, and stays silent just under its
 * threshold; and the same when what is counted has restarted.
 */
export function renderCase(ruleFile: string, rule: AlertRule, testCase: RuleCase, index: number): string {
  const { firingStep, stepSeconds, evaluateEvery = 1 } = testCase.timeline ?? usualTimeline;
  const { fires, justUnder } = testCase;
  const lostScrape = (series: Series): Series =>
    Object.fromEntries(
      Object.entries(series).map(([selector, values]) => [
        selector,
        values.with(firingStep + evaluateEvery, 'stale'),
      ]),
    );
  const reset = (series: Series | undefined) => series && withCounterReset(series, firingStep - resetBefore);
  const look = (proves: string, series: Series, expected: ReadonlyMap<number, boolean>) => ({
    interval: `${stepSeconds}s`,
    input_series: inputSeries(series),
    promql_expr_test: [...expected].map(([step, fires]) => ({
      expr: isFiring(rule, `case ${index} ${proves}`),
      eval_time: `${step * stepSeconds}s`,
      exp_samples: fires ? [firingSeries(rule, testCase.labels)] : [],
    })),
  });
  const waits = testCase.notEarlier ?? rule.forMs > 0;
  const whole = new Map([
    ...(waits ? [[firingStep - 1, false] as const] : []),
    [firingStep, true],
    [firingStep + evaluateEvery, true],
  ]);
  const silent = new Map([[firingStep, false]]);
  const firesReset = reset(fires);
  const underReset = reset(justUnder);
  const tests = [
    look('fires, not earlier, and survives a failed scrape', lostScrape(fires), whole),
    ...(justUnder ? [look('stays silent just under its threshold', justUnder, silent)] : []),
    ...(firesReset
      ? [look('fires after a restart of what is counted', firesReset, new Map([[firingStep, true]]))]
      : []),
    ...(underReset ? [look('stays silent at a restart of what is counted', underReset, silent)] : []),
  ];
  return stringify({
    rule_files: [ruleFile],
    group_eval_order: groups,
    evaluation_interval: `${stepSeconds * evaluateEvery}s`,
    tests,
  });
}

/** promtool's test file for what all these alerts say when there is no series at all. */
export function renderWithoutSeries(
  ruleFile: string,
  expected: readonly { rule: AlertRule; labels: RuleCase['labels'] | undefined }[],
): string {
  const test = {
    interval: '5s',
    promql_expr_test: expected.map(({ rule, labels }) => ({
      expr: isFiring(rule, 'what it says without series'),
      eval_time: '2m',
      exp_samples: labels === undefined ? [] : [firingSeries(rule, labels)],
    })),
  };
  return stringify({
    rule_files: [ruleFile],
    group_eval_order: groups,
    evaluation_interval: '5s',
    tests: [test],
  });
}

const inputSeries = (series: Series) =>
  Object.entries(series).map(([selector, values]) => ({ series: selector, values: values.join(' ') }));

function firingSeries(rule: AlertRule, labels: RuleCase['labels']) {
  const all = { alertname: rule.name, alertstate: 'firing', ...labelsOf(rule), ...labels };
  const pairs = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return { labels: `ALERTS{${pairs.join(',')}}`, value: 1 };
}
