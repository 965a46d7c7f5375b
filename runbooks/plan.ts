import { promDuration } from '../kit/duration.ts';
import { UsageError } from '../kit/errors.ts';
import type { Targets } from '../kit/targets.ts';
import { resolveTarget } from './resolve-target.ts';
import type { Runbook } from './schema/runbook.ts';
import type { SnapshotSets } from './snapshots/set.ts';
import type { NamedTarget, SideEffect, Step } from './step.ts';
import { shippedSteps } from './steps/registry.ts';

/** Everything a runbook would do, with the values filled in. */
export interface RunbookPlan {
  runbook: string;
  title: string;
  target: string | null;
  steps: { step: string; timeoutMs: number; effects: SideEffect[] }[];
  /** What must be true afterwards, and how long it may take. */
  verify: { name: string; withinMs: number }[];
}

export interface PlanOptions {
  targets: Targets;
  snapshots?: SnapshotSets | undefined;
  steps?: readonly Step[];
  /** The target by hand: needed where the runbook takes it from a label. */
  target?: string | undefined;
}

/** Lists every side effect of a runbook, and has none itself. Throws when its target or snapshot set is not there. */
export function planRunbook(runbook: Runbook, options: PlanOptions): RunbookPlan {
  const { snapshots = {}, steps = shippedSteps } = options;
  const target = targetByHand(runbook, options);
  return {
    runbook: runbook.id,
    title: runbook.title,
    target: target?.name ?? null,
    steps: runbook.steps.map((entry) => ({
      step: entry.step,
      timeoutMs: entry.timeout,
      effects: steps.find((step) => step.kind === entry.step)?.plan(entry.with, { target, snapshots }) ?? [],
    })),
    verify: runbook.verify.map(({ name, within }) => ({ name, withinMs: within })),
  };
}

/** The target a person has named, or the runbook's own. */
export function targetByHand(
  runbook: Runbook,
  { targets, target, steps = shippedSteps }: PlanOptions,
): NamedTarget | undefined {
  if (target === undefined && typeof runbook.target === 'object')
    throw new UsageError('runbook.no-target', `${runbook.id} takes its target from the alert`, {
      mend: `Name one: andon runbook plan ${runbook.id} --target ${Object.keys(targets)[0] ?? 'NAME'}`,
    });
  const resolved = resolveTarget({ ...runbook, target: target ?? runbook.target }, {}, targets, steps);
  if ('problem' in resolved)
    throw new UsageError('runbook.target', `${runbook.id}: ${resolved.problem}`, {
      mend: 'Correct targets in andon.yaml, or the runbook.',
    });
  return resolved.target;
}

/** The plan as a person reads it. */
export function renderPlan(plan: RunbookPlan): string {
  const on = plan.target === null ? '' : ` on ${plan.target}`;
  const steps = plan.steps.flatMap(({ step, timeoutMs, effects }, index) => [
    `  ${index + 1}. ${step} (at most ${promDuration(timeoutMs)})`,
    ...effects.flatMap(({ does, on, undo }) => [
      `     ${does}`,
      `       on:   ${on}`,
      `       undo: ${undo}`,
    ]),
  ]);
  const checks = plan.verify.map(({ name, withinMs }) => `  then, within ${promDuration(withinMs)}: ${name}`);
  return [`${plan.runbook}${on}: ${plan.title}`, ...steps, ...checks].join('\n');
}
