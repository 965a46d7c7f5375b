import { stringify } from 'yaml';
import { promDuration } from '../kit/duration.ts';
import type { AlertsConfig } from './config.ts';
import { literalText } from './prometheus-text.ts';
import { recordingRulesOf } from './recording-rules.ts';
import type { AlertRule, RecordingRule } from './rule.ts';
import { severityOf } from './tiers.ts';

/** A firing alert outlives this many evaluations without its condition, so that one failed scrape does not end it. */
const keptEvaluations = 3;

/** How often the slow recording rules are evaluated: the windows of days that they look at move no faster. */
export const slowIntervalMs = 60_000;

/** The groups of the rule file, in the order in which a test must evaluate them. */
export const ruleGroupNames = { slow: 'andon-slow', usual: 'andon' } as const;

/** The label of alerts that say nothing off shift; Alertmanager holds them back by it. */
export const onlyInShiftLabel = 'only_in_shift';

/** The dashboard that shows an alert which names none. */
export const usualDashboard = 'andon-board';

type RenderSettings = Pick<
  AlertsConfig,
  'evaluation_interval' | 'runbook_base_url' | 'grafana_url' | 'slos' | 'thresholds' | 'shifts'
>;

/**
 * The rule file for Prometheus (2.42 and later) as text. One group for all but the slow rules: its rules are evaluated in order,
 * so an alert sees the recorded series of the same moment.
 */
export const renderRules = (
  rules: readonly AlertRule[],
  config: RenderSettings,
  recorded: readonly RecordingRule[] = recordingRulesOf(config),
): string => yamlOf(ruleGroups(rules, config, recorded));

/** The same rules as a PrometheusRule manifest, for plants that have grown into Kubernetes with the Prometheus Operator. */
export const renderPrometheusRule = (rules: readonly AlertRule[], config: RenderSettings): string =>
  yamlOf({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'andon', labels: { 'app.kubernetes.io/part-of': 'andon' } },
    spec: ruleGroups(rules, config, recordingRulesOf(config)),
  });

const yamlOf = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

const ruleGroups = (
  rules: readonly AlertRule[],
  config: RenderSettings,
  recorded: readonly RecordingRule[],
) => {
  const group = (name: string, intervalMs: number, groupRules: object[]) =>
    groupRules.length === 0 ? [] : [{ name, interval: promDuration(intervalMs), rules: groupRules }];
  const recording = (isSlow: boolean) =>
    recorded.filter(({ slow = false }) => slow === isSlow).map(({ record, expr }) => ({ record, expr }));
  const alerting = rules.map((rule) => alertingRule(rule, config));
  return {
    groups: [
      ...group(ruleGroupNames.slow, slowIntervalMs, recording(true)),
      ...group(ruleGroupNames.usual, config.evaluation_interval, [...recording(false), ...alerting]),
    ],
  };
};

/** The labels that a rule gives to its alert. */
export const labelsOf = (rule: AlertRule): Record<string, string> => ({
  tier: rule.tier,
  code: rule.code,
  severity: severityOf[rule.tier],
  ...(rule.cause === undefined ? {} : { cause: rule.cause }),
  ...(rule.onlyInShift ? { [onlyInShiftLabel]: 'true' } : {}),
});

const descriptionOf = ({ detail, meaning, action }: AlertRule): string =>
  [detail, meaning, action].filter((part) => part !== undefined).join(' ');

const alertingRule = (rule: AlertRule, config: RenderSettings) => ({
  alert: rule.name,
  expr: rule.expr,
  for: promDuration(rule.forMs),
  ...(rule.heartbeat ? {} : { keep_firing_for: promDuration(keptEvaluations * config.evaluation_interval) }),
  labels: labelsOf(rule),
  annotations: {
    summary: rule.summary,
    description: descriptionOf(rule),
    runbook_url: `${literalText(config.runbook_base_url)}#${rule.name.toLowerCase()}`,
    dashboard_url: `${literalText(config.grafana_url.replace(/\/$/, ''))}/d/${rule.dashboard ?? usualDashboard}`,
    ...(rule.owner === undefined ? {} : { owner: rule.owner }),
  },
});
