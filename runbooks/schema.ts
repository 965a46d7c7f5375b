import { z } from 'zod';
import { duration } from '../kit/duration.ts';
import { closest } from '../kit/spelling.ts';
import { type ExtraProblem, parseYaml } from '../kit/yaml-file.ts';
import type { Step } from './step.ts';

const kebab = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in release-db-lock');

/** The strict schema of a runbook, made for the steps that this installation knows. */
export function runbookSchema(steps: readonly Step[]) {
  return z.strictObject({
    id: kebab,
    title: z.string().min(1),
    /** The alerts that start it; without one it is only run by hand. */
    trigger: z
      .strictObject({
        alert: z.string().min(1),
        tier: z.enum(['A', 'B', 'C']).optional(),
        /** Labels the alert must carry with exactly these values. */
        labels: z.record(z.string(), z.string()).default({}),
      })
      .optional(),
    /** `auto` acts on the alert; `suggest` hands the plan to a person. */
    mode: z.enum(['auto', 'suggest']).default('suggest'),
    /** A target of andon.yaml, or the label of the alert that names one. */
    target: z.union([z.string().min(1), z.strictObject({ label: z.string().min(1) })]).optional(),
    /** After a run on a target no alert starts another one there for this long. */
    cool_down: duration.prefault('1m'),
    /** For all steps and checks together. */
    timeout: duration.prefault('2m'),
    steps: z.array(oneStep(steps)).min(1),
    /** What must be true afterwards. */
    verify: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          /** A query on the target, read-only: true once it returns no rows. */
          no_rows: z.string().min(1),
          within: duration.prefault('10s'),
        }),
      )
      .default([]),
  });
}

export type Runbook = z.output<ReturnType<typeof runbookSchema>>;
export type RunbookStep = Runbook['steps'][number];
export type Check = Runbook['verify'][number];

/** Parses a runbook file; throws one InvalidFileError that names every mistake with line and column. */
export function parseRunbook(file: string, text: string, steps: readonly Step[]): Runbook {
  return parseYaml(file, text, runbookSchema(steps), { extra: (runbook) => contradictions(runbook, steps) });
}

/** Each step brings its own parameters, so a wrong one is named where it stands. */
function oneStep(steps: readonly Step[]) {
  const kinds = steps.map((step) => step.kind);
  const [first, ...rest] = steps.map((step) =>
    z.strictObject({
      step: z.literal(step.kind),
      with: (step.params as z.ZodType<Record<string, unknown>>).prefault({}),
      timeout: duration.prefault('30s'),
    }),
  );
  if (!first) throw new TypeError('a runbook needs at least one known step');
  return z.discriminatedUnion('step', [first, ...rest], {
    error: (issue) => unknownStep((issue.input as { step?: unknown } | undefined)?.step, kinds),
  });
}

function unknownStep(written: unknown, kinds: readonly string[]): string {
  if (typeof written !== 'string') return `"step" is missing; known are ${kinds.join(', ')}`;
  const near = closest(written, kinds);
  return `unknown step "${written}"; ${near ? `did you mean "${near}"?` : `known are ${kinds.join(', ')}`}`;
}

function contradictions(runbook: Runbook, steps: readonly Step[]): ExtraProblem[] {
  const problems: ExtraProblem[] = [];
  const needsTarget = (path: PropertyKey[], what: string) => {
    if (runbook.target === undefined) problems.push({ path, message: `${what} needs a "target"` });
  };
  if (runbook.mode === 'auto' && !runbook.trigger)
    problems.push({ path: ['mode'], message: 'auto needs a "trigger"; without one it is only run by hand' });
  if (runbook.mode === 'auto' && runbook.verify.length === 0)
    problems.push({
      path: ['mode'],
      message: 'auto needs "verify": what acts by itself proves that it helped',
    });
  if (typeof runbook.target === 'object' && !runbook.trigger)
    problems.push({ path: ['target'], message: 'a label needs a "trigger" whose alert carries it' });
  runbook.steps.forEach((entry, index) => {
    const step = steps.find((known) => known.kind === entry.step);
    if (step && step.targets.length > 0) needsTarget(['steps', index, 'step'], entry.step);
  });
  runbook.verify.forEach((_, index) => {
    needsTarget(['verify', index, 'no_rows'], 'a query');
  });
  return problems;
}
