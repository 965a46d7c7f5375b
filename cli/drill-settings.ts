import { detectionBoundMs } from '../alerts/detection-bound.ts';
import { allRules } from '../alerts/rules/catalogue.ts';
import type { AlertTier } from '../alerts/tiers.ts';
import type { AndonConfig } from '../config/andon-config.ts';
import type { DrillSettings } from '../drills/config.ts';
import { faults } from '../drills/faults/registry.ts';
import type { DrillVocabulary } from '../drills/schema.ts';

/** What drill files may name here; without a configuration targets are not checked. */
export function vocabularyOf(config: AndonConfig | undefined): DrillVocabulary {
  const tiers = Map.groupBy(allRules, ({ name }) => name);
  const alerts = new Map([...tiers].map(([name, rules]) => [name, rules.map(({ tier }) => String(tier))]));
  return { faults, alerts, targets: config?.targets };
}

/** The parts of andon.yaml that a drill needs. */
export function settingsOf(config: AndonConfig): DrillSettings {
  const { targets, alerts, prometheus, drills } = config;
  return { targets, alerts, prometheus, drills, runbooksToken: config.runbooks?.token };
}

/** The bound of an alert of the catalogue under this configuration, in milliseconds. */
export function boundOf(config: AndonConfig): (alert: string, tier: AlertTier) => number | undefined {
  return (alert, tier) => {
    const rule = allRules.find((candidate) => candidate.name === alert && candidate.tier === tier);
    return rule && detectionBoundMs(rule, config.alerts);
  };
}
