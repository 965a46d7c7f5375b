import type { RuleSettings } from '../config.ts';
import type { AlertRule } from '../rule.ts';
import { slosSection } from '../slos.ts';
import type { AlertTier } from '../tiers.ts';
import { consistencyRules } from './consistency.ts';
import { databaseRules } from './database.ts';
import { deviceRules } from './devices.ts';
import { hostRules } from './host.ts';
import { kafkaRules } from './kafka.ts';
import { mesRules } from './mes.ts';
import { missingDataRules } from './missing-data.ts';
import { monitoringRules } from './monitoring.ts';
import { notifierRules } from './notifier.ts';
import { queueRules } from './queue.ts';
import { queueDelayRules } from './queue-delay.ts';
import { sloRules } from './slo.ts';
import { syncRules } from './sync.ts';
import { transactionRules } from './transactions.ts';
import { workOrderRules } from './work-orders.ts';

/** Every alert that ships, with the thresholds of andon.yaml, in the order of the rule file. */
export const rulesOf = (settings: RuleSettings): readonly AlertRule[] => [
  ...mesRules(settings),
  ...workOrderRules(settings),
  ...sloRules(settings),
  ...syncRules(settings),
  ...consistencyRules(settings),
  ...databaseRules(settings),
  ...transactionRules(settings),
  ...queueRules(settings),
  ...queueDelayRules(settings),
  ...kafkaRules(settings),
  ...deviceRules(settings),
  ...hostRules(settings),
  ...monitoringRules(settings),
  ...missingDataRules,
  ...notifierRules,
];

/**
 * The same and those that these settings leave out: without shifts or objectives some alerts make no sense, but their codes exist.
 */
export function everyRuleOf(settings: RuleSettings): readonly AlertRule[] {
  const { weekly } = settings.shifts;
  const usual = slosSection.parse(undefined);
  const missing = usual.filter(
    ({ within }) => !settings.slos.some((slo) => (slo.within === undefined) === (within === undefined)),
  );
  return rulesOf({
    ...settings,
    slos: [...settings.slos, ...missing],
    shifts: { ...settings.shifts, weekly: weekly.length > 0 ? weekly : anyShift },
  });
}

const anyShift: RuleSettings['shifts']['weekly'] = [{ days: ['monday'], from: '08:00', to: '16:00' }];

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
