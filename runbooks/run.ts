import { z } from 'zod';
import { isoTime } from '../kit/clock.ts';

/** How a run ended. `held`: the kill switch was on. `handed-off`: a person must look, the reason says why. */
export type FinalOutcome = 'succeeded' | 'failed' | 'refused' | 'held' | 'handed-off';
export type RunState = 'waiting' | 'running' | FinalOutcome;

/** One step of a run, as `GET /runs` shows it. */
export interface RunStep {
  step: string;
  startedAt: string;
  finishedAt: string | null;
  outcome: 'running' | 'succeeded' | 'failed' | 'refused' | 'interrupted';
  summary: string;
  details: Record<string, unknown>;
}

/** One run, as `GET /runs` shows it. Times are ISO 8601. */
export interface RunRecord {
  id: string;
  runbook: string;
  /** Who or what started it: `alertmanager`, or a person. */
  actor: string;
  /** Null when it was started by hand. */
  alert: string | null;
  target: string | null;
  fingerprint: string;
  startsAt: string;
  receivedAt: string;
  /** Null while it waits for its turn, and for ever when it never got one. */
  startedAt: string | null;
  finishedAt: string | null;
  /** A run that still waits for its turn says `running` with `startedAt: null`. */
  outcome: 'running' | FinalOutcome;
  /** Why it ended as it did; empty while it runs. */
  reason: string;
  steps: RunStep[];
}

/** A run as it is stored. Times are Unix milliseconds. */
export const storedRun = z.object({
  id: z.number(),
  runbook: z.string(),
  actor: z.string(),
  alert: z.string().nullable(),
  fingerprint: z.string(),
  startsAt: z.number(),
  labels: z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  target: z.string().nullable(),
  lock: z.string(),
  state: z.enum(['waiting', 'running', 'succeeded', 'failed', 'refused', 'held', 'handed-off']),
  reason: z.string(),
  receivedAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type StoredRun = z.output<typeof storedRun>;

export const storedStep = z.object({
  step: z.string(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  outcome: z.enum(['running', 'succeeded', 'failed', 'refused', 'interrupted']),
  summary: z.string(),
  details: z.string().transform((text) => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
});
export type StoredStep = z.output<typeof storedStep>;

const isoOrNull = (time: number | null): string | null => (time === null ? null : isoTime(time));

export function toRecord(run: StoredRun, steps: readonly StoredStep[]): RunRecord {
  const { runbook, actor, alert, target, fingerprint, state, reason } = run;
  return {
    id: String(run.id),
    runbook,
    actor,
    alert,
    target,
    fingerprint,
    startsAt: isoTime(run.startsAt),
    receivedAt: isoTime(run.receivedAt),
    startedAt: isoOrNull(run.startedAt),
    finishedAt: isoOrNull(run.finishedAt),
    outcome: state === 'waiting' ? 'running' : state,
    reason,
    steps: steps.map(({ startedAt, finishedAt, ...step }) => ({
      ...step,
      startedAt: isoTime(startedAt),
      finishedAt: isoOrNull(finishedAt),
    })),
  };
}
