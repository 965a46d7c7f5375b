import type { Approval } from './approvals.ts';
import type { RunRecord } from './run.ts';
import type { RunStore } from './store.ts';

/** What a person needs to go on where a runbook stops: everything that is known, and where to decide. */
export interface HandOff {
  kind: 'approval' | 'ended' | 'message';
  title: string;
  text: string;
  tier: 'A' | 'B' | 'C';
  run: RunRecord;
  approvals: Approval[];
  /** What else has lately been done on the same target, oldest first. */
  recent: Pick<RunRecord, 'id' | 'runbook' | 'outcome' | 'reason' | 'startedAt' | 'finishedAt'>[];
}

/** Beyond this the past of a target explains nothing. */
const recentMs = 24 * 3_600_000;
const mostRecent = 10;

/** Puts a message for people on the disk, once for each key; the service delivers it until it is taken. */
export function tellPeople(
  store: RunStore,
  runId: number,
  { key, ...message }: Pick<HandOff, 'kind' | 'title' | 'text'> & { key: string; tier?: HandOff['tier'] },
  now: number,
): void {
  const run = store.run(runId);
  if (!run) return;
  const bundle: HandOff = {
    ...message,
    tier: message.tier ?? tierOf(run),
    run,
    approvals: store.approvals.of(runId),
    recent: store
      .runs(now - recentMs)
      .filter(({ id, target }) => target === run.target && id !== run.id)
      .slice(-mostRecent)
      .map(({ id, runbook, outcome, reason, startedAt, finishedAt }) => ({
        ...{ id, runbook, outcome, reason, startedAt, finishedAt },
      })),
  };
  store.messages.add(`${store.name}-${runId}-${key}`, runId, bundle, now);
}

/** As urgent as the alert that began it; what a person or the clock has begun limits a function. */
function tierOf({ labels }: RunRecord): HandOff['tier'] {
  const { tier } = labels;
  return tier === 'A' || tier === 'C' ? tier : 'B';
}
