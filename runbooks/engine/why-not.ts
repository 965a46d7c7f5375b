import { promDuration } from '../../kit/duration.ts';
import { lockedTargets } from '../intake/decide.ts';
import type { IntakeDeps } from '../intake/intake.ts';
import { planned } from '../intake/intake.ts';
import { rehearsalOf } from '../intake/rehearsal-of.ts';
import { namedTarget } from '../resolve-target.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { FinalOutcome, StoredRun } from '../store/run.ts';

/** An alert that has waited longer than this (the service was down) is of a world that is gone: a person decides. */
export const staleAfterMs = 10 * 60_000;

export interface Refusal {
  outcome: FinalOutcome;
  reason: string;
}

export const gone: Refusal = { outcome: 'handed-off', reason: 'the runbook is no longer in the catalogue' };

/** Why a run whose turn may have come is not carried out; undefined when it is. */
export function whyNot(
  run: StoredRun,
  runbook: Runbook | undefined,
  deps: IntakeDeps,
  now: number,
): Refusal | undefined {
  const { store } = deps;
  if (!runbook) return gone;
  if (store.alerts.isResolved(run))
    return { outcome: 'refused', reason: 'the alert resolved before its turn came' };
  const hold = store.holds.current(now);
  if (hold) return { outcome: 'held', reason: `held by ${hold.holder}` };
  if (now - run.readyAt > staleAfterMs)
    return { outcome: 'handed-off', reason: 'it waited for its turn for more than ten minutes' };
  return (
    otherPlan(run, runbook, deps) ?? (run.mode === 'auto' ? tooOften(run, runbook, deps, now) : undefined)
  );
}

/** What is carried out is what was planned and agreed to, not what the files say by now. */
function otherPlan(run: StoredRun, runbook: Runbook, deps: IntakeDeps): Refusal | undefined {
  const target = run.target === null ? undefined : namedTarget(deps.targets, run.target);
  const plan = planned(runbook, { target, inputs: run.inputs }, deps);
  if ('planHash' in plan && plan.planHash === run.planHash) return undefined;
  return {
    outcome: 'handed-off',
    reason: 'what it would do now is not what was planned: the runbook or andon.yaml was changed',
  };
}

/** What a person has agreed to is not counted against: only what acts by itself can run in circles. */
function tooOften(
  run: StoredRun,
  runbook: Runbook,
  { store, targets }: IntakeDeps,
  now: number,
): Refusal | undefined {
  const [lock = ''] = run.locks;
  // A drill that follows another one is no circle: in a rehearsal only what ran in it counts.
  const on = { target: run.target, names: lockedTargets(run.locks) };
  const rehearsal = rehearsalOf(runbook, on, store.proofs.rehearsing(run.runbook, now), targets);
  const last = store.look.lastStart(run.runbook, lock);
  const counts = last !== undefined && (rehearsal === undefined || last >= rehearsal.begunAt);
  if (counts && now - last < runbook.cool_down) {
    const seconds = Math.round((now - last) / 1000);
    return { outcome: 'handed-off', reason: `cool-down: it ran here ${seconds} s ago already` };
  }
  if (rehearsal) return undefined;
  const { runs, within } = runbook.loop_breaker;
  const count = store.look.startsSince(run.runbook, lock, now - within);
  if (count < runs) return undefined;
  return {
    outcome: 'handed-off',
    reason: `loop breaker: it ran here ${count} times within ${promDuration(within)} already, and the alert is back`,
  };
}
