import { alertsSection } from '../alerts/config.ts';
import { detectionBoundMs } from '../alerts/detection-bound.ts';
import { rulesOf } from '../alerts/rules/catalogue.ts';
import type { AlertTier } from '../alerts/tiers.ts';
import type { AndonConfig } from '../config/andon-config.ts';
import type { DrillSettings } from '../drills/config.ts';
import { faults } from '../drills/faults/registry.ts';
import type { DrillVocabulary } from '../drills/schema.ts';

/** What drill files may name here; without a configuration targets are not checked. */
export function vocabularyOf(config: AndonConfig | undefined): DrillVocabulary {
  const rules = rulesOf(config?.alerts ?? alertsSection.parse({}));
  const tiers = Map.groupBy(rules, ({ name }) => name);
  const alerts = new Map([...tiers].map(([name, named]) => [name, named.map(({ tier }) => String(tier))]));
  return { faults, alerts, targets: config?.targets };
}

/** The parts of andon.yaml that a drill needs. */
export function settingsOf(config: AndonConfig): DrillSettings {
  const { targets, alerts, prometheus, drills } = config;
  return { targets, alerts, prometheus, drills, runbooksToken: config.runbooks?.token };
}

/** The bound of an alert of the catalogue under this configuration, in milliseconds. */
export function boundOf(config: AndonConfig): (alert: string, tier: AlertTier) => number | undefined {
  const rules = rulesOf(config.alerts);
  return (alert, tier) => {
    const rule = rules.find((candidate) => candidate.name === alert && candidate.tier === tier);
    return rule && detectionBoundMs(rule, config.alerts);
  };
}
