import { askedKey, tellOver, tellPeople } from '../people/hand-off.ts';
import type { StoredRun } from '../store/run.ts';
import { endMessage } from './execute-run.ts';
import type { ExecutionDeps } from './execution.ts';
import type { Refusal } from './why-not.ts';

type CloseDeps = Pick<ExecutionDeps, 'store' | 'audit' | 'clock' | 'log'>;

/** Ends a run without carrying it out: one that never got its turn (owner null), or one that nobody can carry on. */
export const closeRun = (run: StoredRun, owner: string | null, refusal: Refusal, deps: CloseDeps): void =>
  closeRuns([{ run, refusal }], owner, deps);

/** The same for several, in one transaction. */
export function closeRuns(
  ends: readonly { run: StoredRun; refusal: Refusal }[],
  owner: string | null,
  { store, audit, clock, log }: CloseDeps,
): void {
  const now = clock.now();
  const ended = store.transaction(() =>
    ends.filter(({ run, refusal }) => {
      if (!store.finish(run.id, owner, refusal, now)) return false;
      if (refusal.outcome === 'handed-off') tellPeople(store, run.id, endMessage(run, refusal), now);
      return true;
    }),
  );
  const lines = ended.map(({ run: { id, runbook, target }, refusal: { outcome, reason } }) => ({
    event: 'run.finished',
    data: { run: id, runbook, target, outcome, reason },
  }));
  audit.appendAll(lines);
  for (const { data } of lines) log.warn(data, 'runbook not carried out');
}

/** What nobody has agreed to in time is not done. */
export function closeUnanswered(deps: CloseDeps, now: number): void {
  const { store, audit } = deps;
  const expired = store.transaction(() => {
    const found = store.approvals.expire(now);
    for (const { runId, position } of found) tellOver(store, runId, askedKey(position), now);
    return found;
  });
  for (const { runId, position, requester } of expired) {
    audit.append('approval.expired', { run: runId, position, requester });
    const run = store.stored(runId);
    if (position === 0 && run)
      closeRun(run, null, { outcome: 'refused', reason: 'nobody has approved it in time' }, deps);
  }
}
