import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { databaseRules } from './database.ts';
import { deviceRules } from './devices.ts';
import { mesRules } from './mes.ts';
import { monitoringRules } from './monitoring.ts';
import { queueRules } from './queue.ts';

/** Every alert that ships, with the thresholds of andon.yaml, in the order of the rule file. */
export const rulesOf = (settings: RuleSettings): readonly AlertRule[] => [
  ...mesRules(settings),
  ...databaseRules(settings),
  ...queueRules(settings),
  ...deviceRules(settings),
  ...monitoringRules(settings),
];

/** The alert of that name: in the tier asked for, or else in the most severe tier it exists in. */
export function ruleByName(
  rules: readonly AlertRule[],
  name: string,
  tier?: AlertTier,
): AlertRule | undefined {
  return rules
    .filter((rule) => rule.name === name && (tier === undefined || rule.tier === tier))
    .toSorted((a, b) => a.tier.localeCompare(b.tier))[0];
}
