import type { TargetKind, Targets } from '../kit/targets.ts';
import type { ExtraProblem } from '../kit/yaml-file.ts';
import { type ExporterConfig, listedKinds } from './config.ts';
import { consistencyProblems } from './consistency/problems.ts';
import { mysqlProblems } from './databases/mysql-problems.ts';
import { deviceProblems } from './devices/config-problems.ts';
import { hostProblems } from './host/config.ts';
import { mappingsProblems } from './mapping/section-problems.ts';

/** What is wrong between `exporter:` and `targets:`: names of no target, or of one of the wrong kind. */
export function exporterProblems(config: ExporterConfig, targets: Targets): ExtraProblem[] {
  const check: TargetCheck = (path, name, kinds) => targetProblem(targets, path, name, kinds);
  const lists = Object.entries(listedKinds) as [keyof typeof listedKinds, readonly TargetKind[]][];
  return [
    ...lists.flatMap(([list, kinds]) =>
      (config[list] ?? []).flatMap((name, index) => check(['exporter', list, index], name, kinds)),
    ),
    ...Object.entries(targets).flatMap(([name, target]) =>
      target.kind === 'mes' ? check(['targets', name, 'database'], target.database, databaseKinds) : [],
    ),
    ...consistencyProblems(config.consistency, targets, check),
    ...Object.keys(config.canary).flatMap((name) => check(['exporter', 'canary', name], name, ['rabbitmq'])),
    ...deviceProblems(config.devices, targets),
    ...hostProblems(config.host, targets),
    ...mysqlProblems(targets),
    ...mappingsProblems(config.mappings, check),
  ];
}

/** The kinds of targets that are databases. */
export const databaseKinds = ['postgres', 'mysql'] as const satisfies readonly TargetKind[];

/** Whether a name means a target of one of these kinds; what is wrong where it does not. */
export type TargetCheck = (path: PropertyKey[], name: string, kinds: readonly TargetKind[]) => ExtraProblem[];

export function targetProblem(
  targets: Targets,
  path: PropertyKey[],
  name: string,
  kinds: readonly TargetKind[],
): ExtraProblem[] {
  const kind = targets[name]?.kind;
  if (kind === undefined) return [{ path, message: `no target is called "${name}"` }];
  if (kinds.includes(kind)) return [];
  return [{ path, message: `"${name}" is of kind ${kind}, not ${kinds.join(' or ')}` }];
}
