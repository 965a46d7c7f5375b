import { endMessage } from './execute-run.ts';
import type { ExecutionDeps } from './execution.ts';
import { tellPeople } from './hand-off.ts';
import type { StoredRun } from './run.ts';
import type { Refusal } from './why-not.ts';

type CloseDeps = Pick<ExecutionDeps, 'store' | 'audit' | 'clock' | 'log'>;

/** Ends a run without carrying it out: one that never got its turn (owner null), or one that nobody can carry on. */
export function closeRun(
  run: StoredRun,
  owner: string | null,
  { outcome, reason }: Refusal,
  { store, audit, clock, log }: CloseDeps,
): void {
  const now = clock.now();
  const ended = store.transaction(() => {
    if (!store.finish(run.id, owner, { outcome, reason }, now)) return false;
    if (outcome === 'handed-off') tellPeople(store, run.id, endMessage(run, { outcome, reason }), now);
    return true;
  });
  if (!ended) return;
  const about = { run: run.id, runbook: run.runbook, target: run.target, outcome, reason };
  audit.append('run.finished', about);
  log.warn(about, 'runbook not carried out');
}

/** What nobody has agreed to in time is not done. */
export function closeUnanswered(deps: CloseDeps, now: number): void {
  const { store, audit } = deps;
  for (const { runId, position, requester } of store.approvals.expire(now)) {
    audit.append('approval.expired', { run: runId, position, requester });
    const run = store.stored(runId);
    if (position === 0 && run)
      closeRun(run, null, { outcome: 'refused', reason: 'nobody has approved it in time' }, deps);
  }
}
