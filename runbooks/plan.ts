import { createHash } from 'node:crypto';
import { promDuration } from '../kit/duration.ts';
import { UsageError } from '../kit/errors.ts';
import type { Targets } from '../kit/targets.ts';
import type { Repairs } from './repairs/repair.ts';
import { namedTarget, resolveTarget } from './resolve-target.ts';
import { readInputs } from './schema/input.ts';
import { fillIn, type PlaceholderValues, placeholdersIn, textsIn } from './schema/placeholders.ts';
import { hashOfRunbook, type Runbook } from './schema/runbook.ts';
import type { StepEntry } from './schema/steps.ts';
import type { SnapshotSets } from './snapshots/set.ts';
import type { NamedTarget, PlanWorld, SideEffect, Step } from './step.ts';

/** One step as a plan shows it. */
export interface PlannedStep {
  step: string;
  timeoutMs: number;
  /** Whether a crash in the middle of it is answered by doing it again. */
  repeatable: boolean;
  effects: SideEffect[];
}

/** Everything a runbook would do, with the values filled in. */
export interface RunbookPlan {
  runbook: string;
  title: string;
  target: string | null;
  inputs: Readonly<Record<string, string>>;
  /** What is asked before the first step: where one is not true, nothing is done. */
  applies: string[];
  steps: (PlannedStep & { undo: PlannedStep | null })[];
  /** What must be true afterwards, and how long it may take. */
  verify: { name: string; withinMs: number }[];
}

/** What planning needs besides the runbook. */
export interface PlanDeps {
  targets: Targets;
  snapshots: SnapshotSets;
  /** How differences between systems are repaired. */
  repairs?: Repairs | undefined;
  scripts?: string | undefined;
  steps: readonly Step[];
}

/** What a run works with: resolved from the labels of an alert, or given by a person. */
export interface PlanSubject {
  target: NamedTarget | undefined;
  inputs: Readonly<Record<string, string>>;
}

/** Lists every side effect of a runbook, and has none itself. Throws when its target or snapshot set is not there. */
export function planRunbook(runbook: Runbook, { target, inputs }: PlanSubject, deps: PlanDeps): RunbookPlan {
  const values = inputValues(inputs);
  const planned = (entry: StepEntry, mayLack: boolean) => planStep(entry, { target, values, mayLack }, deps);
  return {
    runbook: runbook.id,
    title: runbook.title,
    target: target?.name ?? null,
    inputs,
    applies: (runbook.applies ?? []).map(({ name }) => name),
    steps: runbook.steps.map((entry) => ({
      ...planned(entry, false),
      undo: entry.undo ? planned(entry.undo, true) : null,
    })),
    verify: runbook.verify.map(({ name, within }) => ({ name, withinMs: within })),
  };
}

function planStep(
  entry: StepEntry,
  {
    target,
    values,
    mayLack,
  }: { target: NamedTarget | undefined; values: PlaceholderValues; mayLack: boolean },
  deps: PlanDeps,
): PlannedStep {
  const step = knownStep(deps.steps, entry.step);
  const world: PlanWorld = {
    target: entry.target === undefined ? target : namedTarget(deps.targets, entry.target),
    targets: deps.targets,
    snapshots: deps.snapshots,
    repairs: deps.repairs,
    scripts: deps.scripts,
  };
  const filled = fillParams(
    step,
    entry.with,
    mayLack ? new Map([...values, ...unknownResults(entry)]) : values,
  );
  return {
    step: entry.step,
    timeoutMs: timeoutOf(step, entry),
    repeatable: step.repeatable(filled),
    effects: step.plan(filled, world),
  };
}

/** What an undo will read from its step is not known yet: the plan shows the placeholder itself. */
const unknownResults = (entry: StepEntry): [string, string][] =>
  textsIn(entry.with)
    .flatMap(({ text }) => placeholdersIn(text))
    .filter((name) => name.startsWith('result.'))
    .map((name) => [name, `\${${name}}`]);

/** The parameters with every placeholder replaced, each in the way that its place asks for. */
export function fillParams(
  step: Step,
  params: Record<string, unknown>,
  values: PlaceholderValues,
): Record<string, unknown> {
  return fillIn(params, values, (key) => (step.placeholders?.[key] === 'url' ? 'url' : 'as-it-is'));
}

export const inputValues = (inputs: Readonly<Record<string, string>>): Map<string, string> =>
  new Map(Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value]));

export function knownStep(steps: readonly Step[], kind: string): Step {
  const step = steps.find((known) => known.kind === kind);
  if (!step) throw new TypeError(`no step is called ${kind}`);
  return step;
}

/** A step that waits for people or for the world is not cut off before they have had their time. */
export const timeoutOf = (step: Step, { timeout, with: params }: StepEntry): number =>
  Math.max(timeout, waitsMs(step, params));

/** How long a step waits by itself, with a little to settle. */
export function waitsMs(step: Step, params: Record<string, unknown>): number {
  const own = step.waitsMs?.(params) ?? 0;
  return own === 0 ? 0 : own + 5000;
}

/** What a person agrees to: this very text of the runbook, on this very target, with these effects. */
export const hashOfPlan = (plan: RunbookPlan, runbook: Runbook): string =>
  createHash('sha256')
    .update(JSON.stringify([hashOfRunbook(runbook), plan]))
    .digest('hex');

/** What a person has named, checked against the runbook; throws with everything that is wrong. */
export function subjectByHand(
  runbook: Runbook,
  given: { target?: string | undefined; inputs?: Readonly<Record<string, string>> | undefined },
  { targets, steps }: Pick<PlanDeps, 'targets' | 'steps'>,
): PlanSubject & { names: string[] } {
  if (given.target === undefined && typeof runbook.target === 'object')
    throw new UsageError('runbook.no-target', `${runbook.id} takes its target from the alert`, {
      mend: `Name one: andon runbook plan ${runbook.id} --target ${Object.keys(targets)[0] ?? 'NAME'}`,
    });
  const read = readInputs(runbook.inputs, {}, given.inputs ?? {});
  if ('problems' in read)
    throw new UsageError('runbook.inputs', `${runbook.id}: ${read.problems.join('; ')}`, {
      mend: `Give each as --input NAME=VALUE; andon runbook show ${runbook.id} lists them.`,
    });
  const resolved = resolveTarget({ ...runbook, target: given.target ?? runbook.target }, {}, targets, steps);
  if ('problem' in resolved)
    throw new UsageError('runbook.target', `${runbook.id}: ${resolved.problem}`, {
      mend: 'Correct targets in andon.yaml, or the runbook.',
    });
  return { target: resolved.target, names: resolved.names, inputs: read.values };
}

/** The plan as a person reads it. */
export function renderPlan(plan: RunbookPlan): string {
  const on = plan.target === null ? '' : ` on ${plan.target}`;
  const inputs = Object.entries(plan.inputs).map(([name, value]) => `  with ${name} = ${value}`);
  const conditions = plan.applies.map((name) => `  only if: ${name}`);
  const steps = plan.steps.flatMap(({ undo, ...step }, index) => [
    ...renderStep(step, `${index + 1}.`),
    ...(undo ? renderStep(undo, '   should a later step fail:') : []),
  ]);
  const checks = plan.verify.map(({ name, withinMs }) => `  then, within ${promDuration(withinMs)}: ${name}`);
  return [`${plan.runbook}${on}: ${plan.title}`, ...inputs, ...conditions, ...steps, ...checks].join('\n');
}

const renderStep = ({ step, timeoutMs, repeatable, effects }: PlannedStep, lead: string): string[] => [
  `  ${lead} ${step} (at most ${promDuration(timeoutMs)}${repeatable ? '' : ', never twice'})`,
  ...effects.flatMap(({ does, on, undo }) => [`     ${does}`, `       on:   ${on}`, `       undo: ${undo}`]),
];
