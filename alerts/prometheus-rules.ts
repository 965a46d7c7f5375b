import { stringify } from 'yaml';
import { promDuration } from '../kit/duration.ts';
import type { AlertsConfig } from './config.ts';
import { recordingRules } from './recording-rules.ts';
import type { AlertRule } from './rule.ts';
import { severityOf } from './tiers.ts';

/** A firing alert outlives this many evaluations without its condition, so that one failed scrape does not end it. */
const keptEvaluations = 3;

/**
 * The rule file for Prometheus (2.42 and later) as text. One group: its rules are evaluated in order, so an alert sees
 * the recorded series of the same moment.
 */
export function renderRules(
  rules: readonly AlertRule[],
  config: Pick<AlertsConfig, 'evaluation_interval' | 'runbook_base_url'>,
): string {
  const group = {
    name: 'andon',
    interval: promDuration(config.evaluation_interval),
    rules: [...recordingRules, ...rules.map((rule) => alertingRule(rule, config))],
  };
  return stringify({ groups: [group] }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function alertingRule(
  rule: AlertRule,
  { evaluation_interval, runbook_base_url }: Pick<AlertsConfig, 'evaluation_interval' | 'runbook_base_url'>,
) {
  return {
    alert: rule.name,
    expr: rule.expr,
    for: promDuration(rule.forMs),
    ...(rule.heartbeat ? {} : { keep_firing_for: promDuration(keptEvaluations * evaluation_interval) }),
    labels: {
      tier: rule.tier,
      code: rule.code,
      severity: severityOf[rule.tier],
      ...(rule.cause === undefined ? {} : { cause: rule.cause }),
    },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      runbook_url: `${runbook_base_url}#${rule.name.toLowerCase()}`,
    },
  };
}
