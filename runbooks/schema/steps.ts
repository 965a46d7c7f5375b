import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { closest } from '../../kit/spelling.ts';
import { condition } from '../conditions/condition.ts';
import type { Step } from '../step.ts';

/** What every step of a runbook has, beside its kind and parameters. */
export interface StepEntry {
  step: string;
  with: Record<string, unknown>;
  /** A target of andon.yaml instead of the runbook's. */
  target?: string | undefined;
  timeout: number;
}

/** How often what failed is tried again; only what is repeatable, or has changed nothing. */
const retry = z.strictObject({
  times: z.int().min(1).max(10),
  wait: duration.prefault('2s'),
});

/** Each step brings its own parameters, so a wrong one is named where it stands. */
export function stepEntry(steps: readonly Step[]) {
  const undo = entryOf(steps, { verify: z.array(condition).default([]) });
  return entryOf(steps, {
    retry: retry.optional(),
    /** What takes it back, should a later step fail: a step that may be carried out twice, and also where nothing was done. */
    undo: undo.optional(),
    /** What must be true before the next step begins. */
    verify: z.array(condition).default([]),
  });
}

function entryOf<S extends z.ZodRawShape>(steps: readonly Step[], more: S) {
  const kinds = steps.map((step) => step.kind);
  const [first, ...rest] = steps.map((step) =>
    z.strictObject({
      step: z.literal(step.kind),
      with: (step.params as z.ZodType<Record<string, unknown>>).prefault({}),
      target: z.string().min(1).optional(),
      timeout: duration.prefault('30s'),
      ...more,
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
