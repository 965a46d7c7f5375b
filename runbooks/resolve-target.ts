import type { Targets } from '../kit/targets.ts';
import type { Runbook } from './schema/runbook.ts';
import type { NamedTarget, Step } from './step.ts';

export type Resolved = { target: NamedTarget | undefined } | { problem: string };

/** What the runbook works on. A label only ever chooses among the targets of andon.yaml: its value is used nowhere. */
export function resolveTarget(
  runbook: Runbook,
  labels: Readonly<Record<string, string>>,
  targets: Targets,
  steps: readonly Step[],
): Resolved {
  const { target: wanted } = runbook;
  if (wanted === undefined) return { target: undefined };
  const name = typeof wanted === 'string' ? wanted : own(labels, wanted.label);
  if (name === undefined) return { problem: `the alert has no label ${JSON.stringify(wanted)}` };
  const target = own(targets, name);
  if (!target) return { problem: `andon.yaml has no target ${JSON.stringify(name)}` };
  for (const entry of runbook.steps) {
    const kinds = steps.find((step) => step.kind === entry.step)?.targets ?? [];
    if (kinds.length > 0 && !kinds.includes(target.kind))
      return { problem: `"${name}" is of kind ${target.kind}; ${entry.step} needs ${kinds.join(' or ')}` };
  }
  if (runbook.verify.length > 0 && target.kind !== 'postgres')
    return { problem: `"${name}" is of kind ${target.kind}; its "verify" asks a postgres target` };
  return { target: { name, target } };
}

/** Labels come from outside: `constructor` is no label unless the alert carries it. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
