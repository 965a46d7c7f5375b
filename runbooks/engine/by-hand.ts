import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../kit/errors.ts';
import { leaveToPeople, locksOf } from '../intake/decide.ts';
import { ask, type IntakeDeps, planned } from '../intake/intake.ts';
import { subjectByHand } from '../plan.ts';
import { modeFor } from '../schema/mode.ts';
import { hashOfRunbook, type Runbook } from '../schema/runbook.ts';
import type { RunRecord, StoredRun } from '../store/run.ts';
import type { NewRun } from '../store/store.ts';
import { closeRun, closeUnanswered } from './close-run.ts';
import { executeRun, leaseMs } from './execute-run.ts';
import type { ExecutionDeps } from './execution.ts';
import { whyNot } from './why-not.ts';

export type RunByHandDeps = Omit<ExecutionDeps, 'owner'> & IntakeDeps;

export interface RunByHand {
  /** Needed where the runbook takes its target from a label. */
  target?: string | undefined;
  inputs?: Readonly<Record<string, string>> | undefined;
  /** Who runs it: for the audit log. */
  actor: string;
}

/** The longest wait for a run that is under way on the same target; a person looks then what it is doing. */
const turnWithinMs = 60_000;
/** Looks this often whether its turn or its approval has come. */
const lookEveryMs = 200;

/**
 * Runs a runbook because a person says so, whatever its triggers and cool-down: at once or as soon as the target is free; where its
 * mode is `approve`, as soon as another person has agreed. The same store, audit log, locks and steps as the service, which may be
 * running. `onWait` is told of a run that waits for another person. Aborting `signal` takes back what was done.
 */
export async function runRunbook(
  runbook: Runbook,
  wish: RunByHand,
  given: RunByHandDeps,
  signal: AbortSignal,
  onWait: (run: StoredRun) => void = () => {},
): Promise<RunRecord> {
  const deps = { ...given, owner: randomUUID() };
  const { store, audit, clock } = deps;
  const run = begin(runbook, wish, deps);
  const { id, target, state, reason } = run;
  audit.append('run.stored', { run: id, runbook: runbook.id, actor: wish.actor, target, state, reason });
  let isTold = false;
  for (;;) {
    const now = clock.now();
    await carryOnOthers(deps, signal);
    closeUnanswered(deps, now);
    const found = store.stored(id);
    if (!found) throw new UnavailableError('runbook.not-stored', 'the run is no longer in the store');
    if (found.finishedAt !== null) return recordOf(found, deps);
    if (found.state === 'awaiting-approval' && !isTold) {
      isTold = true;
      onWait(found);
    }
    if (signal.aborted)
      closeRun(found, null, { outcome: 'refused', reason: `withdrawn by ${wish.actor}` }, deps);
    else if (found.state === 'waiting') await takeTurn(found, runbook, deps, signal);
    await clock.sleep(lookEveryMs, signal).catch(() => {});
  }
}

function begin(runbook: Runbook, { actor, ...given }: RunByHand, deps: RunByHandDeps): StoredRun {
  const { store, clock, inShift } = deps;
  const now = clock.now();
  const subject = subjectByHand(runbook, given, deps);
  const plan = planned(runbook, subject, deps);
  if ('problem' in plan) throw new UnavailableError('runbook.no-plan', `${runbook.id}: ${plan.problem}`);
  const hold = store.holds.current(now);
  const mustAsk = modeFor(runbook.mode, undefined, inShift(now)) === 'approve';
  const standing = hold
    ? { state: 'held' as const, reason: `held by ${hold.holder}`, onceNeeded: null }
    : mustAsk
      ? leaveToPeople(runbook, 'awaiting-approval', 'another person must agree')
      : { state: 'waiting' as const, reason: '', onceNeeded: null };
  const run: NewRun = {
    ...{ runbook: runbook.id, runbookHash: hashOfRunbook(runbook), actor, alert: null, labels: {} },
    ...{ fingerprint: `by-hand-${randomUUID()}`, startsAt: now, inputs: { ...subject.inputs } },
    ...{
      target: subject.target?.name ?? null,
      locks: locksOf(runbook, subject.names),
      ...plan,
      mode: 'by-hand',
    },
    trust: `${actor} has started it`,
    ...standing,
  };
  return store.transaction(() => {
    const stored = store.addRun(run, now);
    if (!stored) throw new UnavailableError('runbook.not-stored', 'the run could not be stored');
    if (stored.state === 'awaiting-approval') ask(stored, runbook, store, now);
    return stored;
  });
}

/** A run whose process has died keeps its target: it is carried on, or taken back, before ours. */
async function carryOnOthers(deps: ExecutionDeps & IntakeDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, owner } = deps;
  for (const run of store.takeOver(owner, clock.now() + leaseMs, clock.now())) {
    const runbook = deps.runbooks.find(({ id }) => id === run.runbook);
    if (runbook) await executeRun({ run, runbook, deps }, signal);
    else closeRun(run, owner, { outcome: 'handed-off', reason: 'its runbook is not in the catalogue' }, deps);
  }
}

async function takeTurn(
  run: StoredRun,
  runbook: Runbook,
  deps: ExecutionDeps & IntakeDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, owner } = deps;
  const now = clock.now();
  const refusal = whyNot(run, runbook, deps, now);
  if (refusal) return closeRun(run, null, refusal, deps);
  const claimed = store.claim(run, owner, now + leaseMs, now);
  if (claimed) await executeRun({ run: claimed, runbook, deps }, signal);
  else if (now - run.readyAt > turnWithinMs) {
    const reason = `another run on ${run.locks.join(', ')} did not end within ${turnWithinMs / 1000} s`;
    closeRun(run, null, { outcome: 'refused', reason }, deps);
  }
}

function recordOf({ id }: StoredRun, { store }: RunByHandDeps): RunRecord {
  const record = store.run(id);
  if (!record) throw new UnavailableError('runbook.not-stored', 'the run is no longer in the store');
  return record;
}
