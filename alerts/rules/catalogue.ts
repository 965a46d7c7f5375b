import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { databaseRules } from './database.ts';
import { deviceRules } from './devices.ts';
import { mesRules } from './mes.ts';
import { monitoringRules } from './monitoring.ts';
import { queueRules } from './queue.ts';

/** Every alert that ships, in the order of the rule file. */
export const allRules: readonly AlertRule[] = [
  ...mesRules,
  ...databaseRules,
  ...queueRules,
  ...deviceRules,
  ...monitoringRules,
];

/** The alert of that name: in the tier asked for, or else in the most severe tier it exists in. */
export function ruleByName(name: string, tier?: AlertTier): AlertRule | undefined {
  return allRules
    .filter((rule) => rule.name === name && (tier === undefined || rule.tier === tier))
    .toSorted((a, b) => a.tier.localeCompare(b.tier))[0];
}
