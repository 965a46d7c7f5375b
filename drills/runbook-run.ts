import { z } from 'zod';
import type { Report } from './report/schema.ts';

const time = z.string().nullable();

const runbookStep = z.object({
  step: z.string(),
  position: z.number(),
  phase: z.enum(['do', 'undo']),
  outcome: z.string(),
  finishedAt: time,
});
type RunbookStep = z.output<typeof runbookStep>;

/** A run as the service's `GET /runs` shows it, as far as drills look at it; an older service shows less. */
export const runbookRun = z.object({
  runbook: z.string(),
  alert: z.string().nullish(),
  startedAt: time,
  finishedAt: time,
  outcome: z.string(),
  state: z.string().optional(),
  reason: z.string().optional(),
  verifiedAt: time.optional(),
  steps: z.array(runbookStep).default([]),
});

/** A run of a runbook as reports show it. */
export function toReport(run: z.output<typeof runbookRun>): Report['runbooks'][number] {
  const { runbook, alert, startedAt, finishedAt, outcome, state, verifiedAt = null, steps } = run;
  const reason = reasonOf(run);
  return {
    name: runbook,
    alert: alert ?? '',
    ...{ startedAt, finishedAt, outcome },
    healedAt: outcome === 'compensated' ? null : healedAt(steps),
    verifiedAt,
    ...(state === undefined ? {} : { state }),
    ...(reason === '' ? {} : { reason }),
  };
}

const healedAt = (steps: readonly RunbookStep[]): string | null =>
  steps.findLast(({ phase, outcome }) => phase === 'do' && outcome === 'succeeded')?.finishedAt ?? null;

/** Why it stands where it stands, in one line: the service's words, or the step that is under way. */
function reasonOf({ reason = '', steps }: z.output<typeof runbookRun>): string {
  const last = steps.at(-1);
  const [line = ''] = reason.split('\n');
  if (line !== '' || last?.outcome !== 'running') return line;
  return `it is at step ${last.position} (${last.phase === 'undo' ? 'undo of ' : ''}${last.step})`;
}
