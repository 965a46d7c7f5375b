import { z } from 'zod';
import { comparison } from '../kit/comparison.ts';
import { duration, promDuration } from '../kit/duration.ts';
import { UsageError } from '../kit/errors.ts';
import { closest } from '../kit/spelling.ts';
import type { Targets } from '../kit/targets.ts';
import type { Fault } from './fault.ts';

/** What a drill file may name: it is checked against these while it is read. */
export interface DrillVocabulary {
  faults: readonly Fault[];
  /** Alert name → tiers it exists in. */
  alerts: ReadonlyMap<string, readonly string[]>;
  /** Undefined where no configuration is at hand; then targets are not checked. */
  targets?: Targets | undefined;
}

const causes = ['third-party', 'database', 'release', 'hardware', 'network', 'load'] as const;
const kebab = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in db-lock');

const probeQuestion = {
  promql: z.string().optional(),
  /** A path on a `mes` target, or a whole URL; the value is the HTTP status. */
  http: z.string().optional(),
  /** One number from a `postgres` or `mysql` target. */
  sql: z.string().optional(),
};

const oneQuestion = (probe: { promql?: unknown; http?: unknown; sql?: unknown }): boolean =>
  [probe.promql, probe.http, probe.sql].filter((question) => question !== undefined).length === 1;
const oneQuestionMessage = { message: 'needs exactly one of promql, http and sql' };

/** The strict schema of a drill, made for what this installation knows. */
export function drillSchema(vocabulary: DrillVocabulary) {
  const target = targetName(vocabulary.targets);
  const probe = z
    .strictObject({ name: z.string(), ...probeQuestion, target: target.optional(), expect: comparison })
    .refine(oneQuestion, oneQuestionMessage);
  const guardrail = z
    .strictObject({
      name: z.string(),
      ...probeQuestion,
      target: target.optional(),
      stop_when: comparison,
      /** Stop also when it has had no answer for so long: a guardrail that cannot see protects nothing. */
      stop_when_silent_for: duration.optional(),
    })
    .refine(oneQuestion, oneQuestionMessage);
  const drill = z.strictObject({
    id: kebab,
    title: z.string(),
    cause: z.enum(causes),
    description: z.string().optional(),
    hypothesis: z.array(probe).min(1),
    /** Users that work through the whole drill, beside the lines. */
    load: z.strictObject({ profile: z.literal('terminals'), users: z.int().min(1).max(2000) }).optional(),
    /** `hold` keeps the runbooks off, so that the fault is healed by time alone. */
    runbooks: z.enum(['act', 'hold']).default('act'),
    baseline: duration.prefault('10s'),
    method: z.array(methodStep(vocabulary)).min(1),
    expect: expectation(vocabulary).prefault({}),
    guardrails: z.array(guardrail).default([]),
    /** The drill is stopped and healed after this, however far it is. */
    max_duration: duration.prefault('10m'),
  });
  return drill.superRefine((found, context) => {
    for (const { step, message } of methodProblems(found.method, vocabulary))
      context.addIssue({ code: 'custom', path: ['method', step], message });
    const neededMs = longestMs(found);
    if (neededMs <= found.max_duration) return;
    const [has, needs] = [promDuration(found.max_duration), promDuration(neededMs)];
    const message = `is ${has}, and baseline, faults, recovery and drain may take ${needs}`;
    context.addIssue({ code: 'custom', path: ['max_duration'], message });
  });
}

export type Drill = z.output<ReturnType<typeof drillSchema>>;
export type Probe = Drill['hypothesis'][number];
export type Guardrail = Drill['guardrails'][number];
export type MethodStep = Drill['method'][number];

/**
 * Faults of one run that are found again by the same name would end each other: two kinds of sessions on one database, two burdens of
 * one computer. What a fault's own plan refuses is a mistake of its step, too.
 */
function methodProblems(method: readonly MethodStep[], vocabulary: DrillVocabulary) {
  const planned = method.map((step) => ({
    ...step,
    to: step.after + step.for,
    ...plannedUndo(step, vocabulary),
  }));
  return planned.flatMap(({ undo, refusal, after, to }, step) => {
    if (refusal !== undefined) return [{ step, message: refusal }];
    const same = (one: { undo?: string; after: number; to: number }) =>
      undo !== undefined && one.undo === undo && one.after < to && after < one.to;
    const other = planned.slice(0, step).find(same);
    const message = `overlaps with ${other?.fault}, and the end of one would end the other: let it begin after that`;
    return other ? [{ step, message }] : [];
  });
}

/** How the step's fault is undone, as text; or why its plan refuses. Nothing where the target is not known. */
function plannedUndo(
  { fault, target, with: wish, for: durationMs }: MethodStep,
  { faults, targets = {} }: DrillVocabulary,
): { undo?: string; refusal?: string } {
  const found = Object.hasOwn(targets, target) ? targets[target] : undefined;
  const kind = faults.find((known) => known.kind === fault);
  if (!found || !kind?.targets.includes(found.kind)) return {};
  try {
    const { seats: _, ...undo } = {
      seats: 0,
      ...kind.plan(wish, { name: target, target: found }, 'run', durationMs).undo,
    };
    return { undo: JSON.stringify(undo) };
  } catch (error) {
    if (error instanceof UsageError)
      return { refusal: [error.message, error.mend].filter(Boolean).join('. ') };
    throw error;
  }
}

/** From the begin of the method to the end of its last fault, in milliseconds. */
export const methodMs = ({ method }: Pick<Drill, 'method'>): number =>
  Math.max(...method.map((step) => step.after + step.for));

/** How long a plant may take to become quiet before a drill: a rate over 30 s, and an alert that resolves. */
export const settleMs = 90_000;

/** The longest that a drill takes as planned, from its baseline to the end of its counting, in milliseconds. */
export const longestMs = (drill: Pick<Drill, 'method' | 'baseline' | 'expect'>): number =>
  drill.baseline + methodMs(drill) + drill.expect.recover_within + drill.expect.drain_within;

/** One step of the method: each fault brings its own parameters, so a wrong one is named where it stands. */
function methodStep({ faults, targets }: DrillVocabulary) {
  const kinds = faults.map((fault) => fault.kind);
  const [first, ...rest] = faults.map((fault) =>
    z.strictObject({
      fault: z.literal(fault.kind),
      target: targetName(targets, fault),
      with: (fault.params as z.ZodType<Record<string, unknown>>).prefault({}),
      /** From the start of the method. */
      after: duration.prefault('0s'),
      for: duration,
    }),
  );
  if (!first) throw new TypeError('a drill needs at least one known fault');
  return z.discriminatedUnion('fault', [first, ...rest], {
    error: (issue) => unknownWord('fault', (issue.input as { fault?: unknown } | undefined)?.fault, kinds),
  });
}

function expectation({ alerts, targets }: DrillVocabulary) {
  const alert = z.string().superRefine((name, context) => {
    if (!alerts.has(name))
      context.addIssue({ code: 'custom', message: unknownWord('alert', name, [...alerts.keys()]) });
  });
  return z.strictObject({
    alerts: z
      .array(z.strictObject({ alert, tier: z.enum(['A', 'B', 'C']), within: duration.optional() }))
      .default([]),
    /** The hypothesis must hold while the fault is in, too. */
    holds_during: z.boolean().default(false),
    /** No A alert but the expected ones may fire. */
    quiet: z.boolean().default(false),
    /** From the alert's delivery to the end of the runbook. */
    runbook: z
      .strictObject({
        name: kebab,
        within: duration,
        /** Where an alert chooses its target, and it is none of the faults': that target. */
        target: targetName(targets).optional(),
      })
      .optional(),
    recover_within: duration.prefault('60s'),
    /** How long store-and-forward, queue and consumers may take to bring everything home. */
    drain_within: duration.prefault('60s'),
    production: z
      .strictObject({
        lost: z.int().min(0),
        duplicated: z.int().min(0),
        stale: z.int().min(0).optional(),
        out_of_order: z.int().min(0).optional(),
      })
      .optional(),
    /** Limits on the virtual users' requests while the fault is in. */
    load: z.strictObject({ error_rate: z.number().min(0).max(1), p95: duration }).optional(),
  });
}

function targetName(targets: Targets | undefined, fault?: Fault) {
  return z.string().superRefine((name, context) => {
    if (!targets) return;
    const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
    const needs = `${fault?.kind} needs ${fault?.targets.join(' or ')}`;
    if (!target) {
      const fitting = Object.keys(targets).filter((known) => fits(targets[known], fault));
      const message = unknownWord('target', name, fitting);
      context.addIssue({ code: 'custom', message: fault ? `${message} (${needs})` : message });
    } else if (fault && !fault.targets.includes(target.kind)) {
      context.addIssue({ code: 'custom', message: `"${name}" is of kind ${target.kind}; ${needs}` });
    } else if (fault && !target.drillable) {
      context.addIssue({
        code: 'custom',
        message: `"${name}" is not drillable; say drillable: true in andon.yaml first`,
      });
    }
  });
}

const fits = (target: Targets[string] | undefined, fault: Fault | undefined): boolean =>
  target !== undefined && (fault === undefined || fault.targets.includes(target.kind));

function unknownWord(what: string, word: unknown, known: readonly string[]): string {
  if (known.length === 0) return `unknown ${what} "${word}", and there is none that would do`;
  if (typeof word !== 'string') return `names no ${what}; known are ${known.join(', ')}`;
  const near = closest(word, known);
  return `unknown ${what} "${word}"; ${near ? `did you mean "${near}"?` : `known are ${known.join(', ')}`}`;
}
