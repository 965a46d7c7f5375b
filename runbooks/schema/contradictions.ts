import type { ExtraProblem } from '../../kit/yaml-file.ts';
import { kindsAsked } from '../conditions/asked-target.ts';
import type { Question } from '../conditions/condition.ts';
import type { Step } from '../step.ts';
import { actsByItself } from './mode.ts';
import { placeholdersIn, textsIn } from './placeholders.ts';
import type { Runbook } from './runbook.ts';
import type { StepEntry } from './steps.ts';

type Path = PropertyKey[];

/** What no single field can know: mistakes between the fields of a runbook. */
export function contradictions(runbook: Runbook, steps: readonly Step[]): ExtraProblem[] {
  return [
    ...modeProblems(runbook),
    ...targetProblems(runbook, steps),
    ...undoProblems(runbook, steps),
    ...placeholderProblems(runbook, steps),
  ];
}

function modeProblems({ mode, triggers, verify }: Runbook): ExtraProblem[] {
  if (!actsByItself(mode)) return [];
  const problems: ExtraProblem[] = [];
  if (triggers.length === 0)
    problems.push({ path: ['mode'], message: 'auto needs "triggers"; without one it is only run by hand' });
  if (verify.length === 0)
    problems.push({
      path: ['mode'],
      message: 'auto needs "verify": what acts by itself proves that it helped',
    });
  return problems;
}

function targetProblems(runbook: Runbook, steps: readonly Step[]): ExtraProblem[] {
  const problems: ExtraProblem[] = [];
  const { target, triggers } = runbook;
  if (typeof target === 'object' && triggers.every(({ cron }) => cron !== undefined))
    problems.push({
      path: ['target'],
      message: 'a label needs an alert or event among the "triggers" that carries it',
    });
  const needs = (path: Path, what: string) => {
    if (target === undefined) problems.push({ path, message: `${what} needs a "target"` });
  };
  for (const { entry, path } of entriesOf(runbook)) {
    const step = steps.find((known) => known.kind === entry.step);
    if (step && step.targets.length > 0 && entry.target === undefined) needs([...path, 'step'], entry.step);
  }
  for (const { condition, path, target: own } of conditionsOf(runbook))
    if (condition.target === undefined && own === undefined && kindsAsked(condition)) needs(path, 'a query');
  return problems;
}

function undoProblems(runbook: Runbook, steps: readonly Step[]): ExtraProblem[] {
  return runbook.steps.flatMap(({ undo }, index) => {
    const step = undo && steps.find(({ kind }) => kind === undo.step);
    if (!step || step.repeatable(undo.with)) return [];
    return [
      {
        path: ['steps', index, 'undo'],
        message: `${undo.step} may not be carried out twice, and an undo must: after a crash nobody knows whether it was`,
      },
    ];
  });
}

function placeholderProblems(runbook: Runbook, steps: readonly Step[]): ExtraProblem[] {
  const known = new Set(Object.keys(runbook.inputs).map((name) => `inputs.${name}`));
  const check = (path: Path, text: string, mayReadResult: boolean): ExtraProblem[] =>
    placeholdersIn(text)
      .filter((name) => !known.has(name) && !(mayReadResult && name.startsWith('result.')))
      .map((name) => ({ path, message: `there is no value for \${${name}}; declare it under "inputs"` }));
  const inSteps = entriesOf(runbook).flatMap(({ entry, path, isUndo }) => {
    const policy = steps.find(({ kind }) => kind === entry.step)?.placeholders ?? {};
    return textsIn(entry.with).flatMap(({ path: inner, text }) => {
      const at = [...path, 'with', ...inner];
      if (policy[inner[0] ?? ''] === 'refused' && placeholdersIn(text).length > 0)
        return [
          { path: at, message: 'takes no placeholder: values from outside never become part of a statement' },
        ];
      return check(at, text, isUndo);
    });
  });
  const inConditions = conditionsOf(runbook).flatMap(({ condition, path }) =>
    textsIn(condition).flatMap(({ path: inner, text }) => {
      const key = inner[0] ?? '';
      if (key === 'promql' || key === 'http') return check([...path, key], text, false);
      return placeholdersIn(text).length === 0
        ? []
        : [{ path: [...path, key], message: 'takes no placeholder' }];
    }),
  );
  return [...inSteps, ...inConditions];
}

/** All steps of a runbook and their undos, with where they stand. */
export function entriesOf(runbook: Runbook): { entry: StepEntry; path: Path; isUndo: boolean }[] {
  return runbook.steps.flatMap((entry, index) => {
    const path = ['steps', index];
    const own = { entry, path, isUndo: false };
    return entry.undo ? [own, { entry: entry.undo, path: [...path, 'undo'], isUndo: true }] : [own];
  });
}

/** All conditions of a runbook, with where they stand and the target that their step names. */
export function conditionsOf(
  runbook: Runbook,
): { condition: Question; path: Path; target: string | undefined }[] {
  const listed = (conditions: readonly Question[], path: Path, target?: string, key = 'verify') =>
    conditions.map((condition, index) => ({ condition, path: [...path, key, index], target }));
  return [
    ...listed(runbook.applies ?? [], [], undefined, 'applies'),
    ...runbook.steps.flatMap(({ verify, target, undo }, index) => [
      ...listed(verify, ['steps', index], target),
      ...listed(undo?.verify ?? [], ['steps', index, 'undo'], undo?.target),
    ]),
    ...listed(runbook.verify, []),
  ];
}
