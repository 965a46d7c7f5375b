import { z } from 'zod';
import { isoTime } from '../../kit/clock.ts';
import { modeName } from '../schema/mode.ts';

/**
 * How a run ended. `not-needed`: its `applies` said that there is nothing to do, so nothing was done. `held`: the kill switch was on. `compensated`: it did not come to its end, and what it had done was taken back.
 * `handed-off`: a person must look, the reason says why.
 */
export const finalOutcome = z.enum([
  'succeeded',
  'not-needed',
  'failed',
  'refused',
  'held',
  'compensated',
  'handed-off',
]);
export type FinalOutcome = z.output<typeof finalOutcome>;

/** Ends about which nobody needs to be told. */
export const isQuiet = (outcome: FinalOutcome): boolean =>
  outcome === 'succeeded' || outcome === 'not-needed';

const runState = z.enum(['awaiting-approval', 'waiting', 'running', ...finalOutcome.options]);
export type RunState = z.output<typeof runState>;

const stepOutcome = z.enum(['running', 'succeeded', 'failed', 'refused', 'interrupted']);

/** Why a run turned back, and how it ends unless something was taken back. */
export const failure = z.object({
  outcome: finalOutcome.exclude(['succeeded', 'not-needed', 'compensated']),
  reason: z.string(),
});
export type Failure = z.output<typeof failure>;

/** What the conditions of `applies` have said. Unknown is no reason to do nothing. */
const need = z.object({ applies: z.union([z.boolean(), z.literal('unknown')]), said: z.string() });
export type Need = z.output<typeof need>;

/** What becomes of a run once it is known that there is something to do, where it may not act by itself. */
const onceNeeded = z.object({ state: z.enum(['awaiting-approval', 'handed-off']), reason: z.string() });

/** One attempt at one step of a run, as `GET /runs` shows it. */
export interface RunStep {
  step: string;
  /** Which step of the runbook, from 1; the same position for its undo. */
  position: number;
  phase: 'do' | 'undo';
  attempt: number;
  startedAt: string;
  finishedAt: string | null;
  /** `interrupted`: the process died in the middle, and nobody knows whether it took effect. */
  outcome: z.output<typeof stepOutcome>;
  /** How many things it changed; null when nobody knows. */
  touched: number | null;
  summary: string;
  details: Record<string, unknown>;
}

const json = <S extends z.ZodType>(schema: S) =>
  z.string().transform((text) => schema.parse(JSON.parse(text)));
const jsonOrNull = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .nullable()
    .transform((text): z.output<S> | null => (text === null ? null : schema.parse(JSON.parse(text))));
const strings = z.record(z.string(), z.string());

/** A run as it is stored. Times are Unix milliseconds. */
export const storedRun = z.object({
  id: z.number(),
  runbook: z.string(),
  /** The text of the runbook that this run was made for. */
  runbookHash: z.string(),
  actor: z.string(),
  alert: z.string().nullable(),
  fingerprint: z.string(),
  startsAt: z.number(),
  labels: json(strings),
  inputs: json(strings),
  target: z.string().nullable(),
  /** Runs with a lock in common take turns; the first one is what cool-down and loop breaker count by. */
  locks: json(z.array(z.string()).min(1)),
  /** `by-hand`: a person has started it, which is the agreement. */
  mode: z.enum([...modeName.options, 'by-hand']),
  /** Why it may act by itself, or why it may not. */
  trust: z.string(),
  /** The plan as text, and what a person agrees to. */
  plan: z.string(),
  planHash: z.string(),
  state: runState,
  reason: z.string(),
  need: jsonOrNull(need),
  onceNeeded: jsonOrNull(onceNeeded),
  failure: jsonOrNull(failure),
  receivedAt: z.number(),
  /** When it was allowed to act: received, or approved. */
  readyAt: z.number(),
  startedAt: z.number().nullable(),
  turnedBackAt: z.number().nullable(),
  verifiedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type StoredRun = z.output<typeof storedRun>;

/** The columns of `runs`, named as in StoredRun. */
export const runColumns = `id, runbook, runbook_hash AS runbookHash, actor, alert, fingerprint, starts_at AS startsAt, labels, inputs,
  target, locks, mode, trust, plan, plan_hash AS planHash, state, reason, need,
  once_needed AS onceNeeded, failure, received_at AS receivedAt,
  ready_at AS readyAt, started_at AS startedAt, turned_back_at AS turnedBackAt, verified_at AS verifiedAt,
  finished_at AS finishedAt`;

export const storedStep = z.object({
  step: z.string(),
  position: z.number(),
  phase: z.enum(['do', 'undo']),
  attempt: z.number(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: stepOutcome,
  touched: z.number().nullable(),
  summary: z.string(),
  details: json(z.record(z.string(), z.unknown())),
});
export type StoredStep = z.output<typeof storedStep>;

/** One run, as `GET /runs` shows it. Times are ISO 8601. */
export interface RunRecord {
  id: string;
  runbook: string;
  /** Who or what started it: `alertmanager`, `cron`, `event NAME`, or a person. */
  actor: string;
  /** Null when no alert started it. */
  alert: string | null;
  target: string | null;
  fingerprint: string;
  labels: Record<string, string>;
  inputs: Record<string, string>;
  mode: StoredRun['mode'];
  trust: string;
  plan: string;
  planHash: string;
  startsAt: string;
  receivedAt: string;
  /** Null while it waits for its turn, and for ever when it never got one. */
  startedAt: string | null;
  /** When all its checks had come true. */
  verifiedAt: string | null;
  finishedAt: string | null;
  state: RunState;
  /** A run that still waits, for its turn or for a person, says `running` with `startedAt: null`. */
  outcome: 'running' | FinalOutcome;
  /** Why it ended as it did, or why it waits; empty while it runs. */
  reason: string;
  /** What its `applies` said, where it has one and was asked. */
  need: Need | null;
  steps: RunStep[];
}

const isoOrNull = (time: number | null): string | null => (time === null ? null : isoTime(time));

export function toRecord(run: StoredRun, steps: readonly StoredStep[]): RunRecord {
  const { runbook, actor, alert, target, fingerprint, labels, inputs, mode, trust, plan, planHash } = run;
  const { state, reason, need } = run;
  return {
    id: String(run.id),
    ...{ runbook, actor, alert, target, fingerprint, labels, inputs, mode, trust, plan, planHash },
    startsAt: isoTime(run.startsAt),
    receivedAt: isoTime(run.receivedAt),
    startedAt: isoOrNull(run.startedAt),
    verifiedAt: isoOrNull(run.verifiedAt),
    finishedAt: isoOrNull(run.finishedAt),
    state,
    outcome: state === 'waiting' || state === 'awaiting-approval' ? 'running' : state,
    reason,
    need,
    steps: steps.map(({ startedAt, finishedAt, position, ...step }) => ({
      ...step,
      position: position + 1,
      startedAt: isoTime(startedAt),
      finishedAt: isoOrNull(finishedAt),
    })),
  };
}
