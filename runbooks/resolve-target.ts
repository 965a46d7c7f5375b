import type { Targets } from '../kit/targets.ts';
import { conditionTargetProblem } from './conditions/asked-target.ts';
import { conditionsOf, entriesOf } from './schema/contradictions.ts';
import type { Runbook } from './schema/runbook.ts';
import type { NamedTarget, Step } from './step.ts';

export type Resolved = { target: NamedTarget | undefined; names: string[] } | { problem: string };

/**
 * What the runbook works on, and the names of all targets that its steps change. A label only ever chooses among the targets of
 * andon.yaml: its value is used nowhere.
 */
export function resolveTarget(
  runbook: Runbook,
  labels: Readonly<Record<string, string>>,
  targets: Targets,
  steps: readonly Step[],
): Resolved {
  const main = mainTarget(runbook, labels, targets);
  if ('problem' in main) return main;
  const { target } = main;
  const problem = stepProblem(runbook, targets, steps, target) ?? conditionProblem(runbook, targets, target);
  if (problem !== undefined) return { problem };
  const others = entriesOf(runbook).flatMap(({ entry }) => entry.target ?? []);
  return { target, names: [...new Set([...(target ? [target.name] : []), ...others.toSorted()])] };
}

function mainTarget(
  { target: wanted }: Runbook,
  labels: Readonly<Record<string, string>>,
  targets: Targets,
): { target: NamedTarget | undefined } | { problem: string } {
  if (wanted === undefined) return { target: undefined };
  const name = typeof wanted === 'string' ? wanted : own(labels, wanted.label);
  if (name === undefined) return { problem: `the alert has no label ${JSON.stringify(wanted)}` };
  const target = namedTarget(targets, name);
  return target ? { target } : { problem: `andon.yaml has no target ${JSON.stringify(name)}` };
}

/** The target of that name in andon.yaml. */
export function namedTarget(targets: Targets, name: string): NamedTarget | undefined {
  const target = own(targets, name);
  return target && { name, target };
}

function stepProblem(
  runbook: Runbook,
  targets: Targets,
  steps: readonly Step[],
  main: NamedTarget | undefined,
): string | undefined {
  for (const { entry } of entriesOf(runbook)) {
    const step = steps.find(({ kind }) => kind === entry.step);
    const kinds = step?.targets ?? [];
    const target = entry.target === undefined ? main : namedTarget(targets, entry.target);
    if (entry.target !== undefined && !target)
      return `andon.yaml has no target ${JSON.stringify(entry.target)}`;
    if (kinds.length === 0) continue;
    if (!target || !kinds.includes(target.target.kind))
      return `"${target?.name ?? ''}" is of kind ${target?.target.kind ?? 'none'}; ${entry.step} needs ${kinds.join(' or ')}`;
    const misfit = step?.misfit?.(entry.with, target);
    if (misfit !== undefined) return `${entry.step} on "${target.name}": ${misfit}`;
  }
  return undefined;
}

function conditionProblem(
  runbook: Runbook,
  targets: Targets,
  main: NamedTarget | undefined,
): string | undefined {
  const problems = conditionsOf(runbook).flatMap(
    ({ condition, target }) => conditionTargetProblem(condition, targets, target ?? main?.name) ?? [],
  );
  return problems[0];
}

/** Labels come from outside: `constructor` is no label unless the alert carries it. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
