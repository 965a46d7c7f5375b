import type { Approval } from '../store/approvals.ts';
import { type RunRecord, toRecord } from '../store/run.ts';
import type { RunStore } from '../store/store.ts';

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
  const bundle = bundleOf(store, runId, message, now);
  if (bundle) store.messages.add(messageKey(store, runId, key), runId, bundle, now);
}

/** What a question about a run is called among the messages about it. */
export const askedKey = (position: number): string => `${position}-asked`;

/** The name of a message for ever: other stores count their runs from 1 as well. */
export const messageKey = ({ name }: Pick<RunStore, 'name'>, runId: number, key: string): string =>
  `${name}-${runId}-${key}`;

/** What was asked is answered, or what was wrong is over: whoever was told of it is told. */
export function tellOver(store: RunStore, runId: number, key: string, now: number): void {
  store.messages.addOver(messageKey(store, runId, key), now);
}

/** Everything that is known of a run at this moment. */
export function bundleOf(
  store: RunStore,
  runId: number,
  { tier, ...message }: Pick<HandOff, 'kind' | 'title' | 'text'> & { tier?: HandOff['tier'] },
  now: number,
): HandOff | undefined {
  const run = store.run(runId);
  if (!run) return undefined;
  const about = { id: runId, target: run.target };
  return {
    ...message,
    tier: tier ?? tierOf(run),
    run,
    approvals: store.approvals.of(runId),
    recent: store.look
      .recentOn(about, now - recentMs, mostRecent)
      .toReversed()
      .map((one) => toRecord(one, []))
      .map(({ id, runbook, outcome, reason, startedAt, finishedAt }) => ({
        ...{ id, runbook, outcome, reason, startedAt, finishedAt },
      })),
  };
}

/** As urgent as the alert that began it; what a person or the clock has begun limits a function. */
function tierOf({ labels }: RunRecord): HandOff['tier'] {
  const { tier } = labels;
  return tier === 'A' || tier === 'C' ? tier : 'B';
}
