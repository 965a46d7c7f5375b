import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { alertsSection } from '../alerts/config.ts';
import { notifySection } from '../alerts/notify/config.ts';
import { notifyProblems } from '../alerts/notify/config-problems.ts';
import { drillsSection } from '../drills/config.ts';
import { exporterSection } from '../exporters/config.ts';
import { exporterProblems } from '../exporters/config-problems.ts';
import { messageOf, UsageError } from '../kit/errors.ts';
import { targetsSchema } from '../kit/targets.ts';
import { type ExtraProblem, parseYaml } from '../kit/yaml-file.ts';
import { runbooksSection } from '../runbooks/config.ts';
import { repairProblems } from '../runbooks/repairs/problems.ts';
import { expandPlaceholders } from './placeholders.ts';

const address = (port: number) =>
  z.strictObject({ url: z.url().default(`http://127.0.0.1:${port}`) }).prefault({});

/** andon.yaml: one strict schema, made of each room's section. */
export const andonConfigSchema = z.strictObject({
  targets: targetsSchema.default({}),
  exporter: exporterSection.prefault({}),
  alerts: alertsSection.prefault({}),
  prometheus: address(9090),
  alertmanager: address(9093),
  runbooks: runbooksSection.optional(),
  notify: notifySection.optional(),
  drills: drillsSection.prefault({}),
});

export type AndonConfig = z.output<typeof andonConfigSchema>;

/** Reads andon.yaml; every mistake in it is named at once. `environment` serves `${env:NAME}`. */
export function loadConfig(file: string, environment: Record<string, string | undefined>): AndonConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError('config.unreadable', `${file} cannot be read: ${messageOf(error)}`, {
      mend: 'Name another file with --config FILE, or start a practice plant with: andon lab up',
    });
  }
  const expand = (value: string) => expandPlaceholders(value, path.dirname(path.resolve(file)), environment);
  return parseYaml(file, text, andonConfigSchema, { extra: danglingNames, expand });
}

/** Names of targets that are used somewhere but not defined, or are of the wrong kind. */
function danglingNames(config: AndonConfig): ExtraProblem[] {
  const problems = exporterProblems(config.exporter, config.targets);
  const check = (where: PropertyKey[], name: string, kind: string) => {
    const found = config.targets[name];
    if (!found) problems.push({ path: where, message: `no target is called "${name}"` });
    else if (found.kind !== kind)
      problems.push({ path: where, message: `"${name}" is of kind ${found.kind}, not ${kind}` });
  };
  config.drills.ledger?.systems.forEach((system, index) => {
    check(['drills', 'ledger', 'systems', index, 'target'], system.target, 'postgres');
  });
  const terminals = config.drills.load.terminals;
  if (terminals) check(['drills', 'load', 'terminals', 'target'], terminals.target, 'mes');
  const around = { comparisons: config.exporter.consistency, targets: config.targets };
  if (config.runbooks) problems.push(...repairProblems(config.runbooks.repairs, around));
  const releases = config.runbooks?.releases;
  if (releases) {
    const where = ['runbooks', 'releases'];
    check([...where, 'target'], releases.target, 'release');
    releases.snapshots.forEach((set, index) => {
      if (!Object.hasOwn(config.runbooks?.snapshots ?? {}, set))
        problems.push({
          path: [...where, 'snapshots', index],
          message: `no snapshot set is called "${set}"`,
        });
    });
  }
  if (config.notify) problems.push(...notifyProblems(config.notify, config.alerts));
  return problems;
}
