import { resolveTarget } from '../resolve-target.ts';
import { readInputs } from '../schema/input.ts';
import { type Mode, modeFor } from '../schema/mode.ts';
import { hashOfRunbook, type Runbook } from '../schema/runbook.ts';
import type { Rehearsal } from '../store/proofs.ts';
import type { RunState, StoredRun } from '../store/run.ts';
import type { NewRun } from '../store/store.ts';
import type { IntakeDeps } from './intake.ts';
import { planned } from './intake.ts';
import { type RehearsedOn, rehearsalOf } from './rehearsal-of.ts';
import { trustIn } from './trust.ts';

/** What has happened that a runbook answers. Its fingerprint and start name it for ever. */
export interface Occasion extends Pick<StoredRun, 'actor' | 'alert' | 'fingerprint' | 'startsAt'> {
  labels: Readonly<Record<string, string>>;
  /** The alert is over already. */
  resolved: boolean;
}

type Decided = Pick<NewRun, 'state' | 'reason' | 'onceNeeded' | 'mode' | 'trust'>;

/** The run that an occasion gets: it acts, asks a person, or is only on record, and says why. */
export function decide(runbook: Runbook, occasion: Occasion, deps: IntakeDeps, now: number): NewRun {
  const resolved = resolveTarget(runbook, occasion.labels, deps.targets, deps.steps);
  const read = readInputs(runbook.inputs, occasion.labels);
  const target = 'problem' in resolved ? undefined : resolved.target;
  const inputs = 'problems' in read ? {} : read.values;
  const names = 'problem' in resolved ? [] : resolved.names;
  const problem =
    'problem' in resolved ? resolved.problem : 'problems' in read ? read.problems.join('; ') : undefined;
  const plan = problem === undefined ? planned(runbook, { target, inputs }, deps) : { problem };
  const { actor, alert, fingerprint, startsAt, labels } = occasion;
  return {
    ...{ runbook: runbook.id, runbookHash: hashOfRunbook(runbook), actor, alert, fingerprint, startsAt },
    ...{ labels: { ...labels }, inputs, target: target?.name ?? null, locks: locksOf(runbook, names) },
    ...('problem' in plan ? { plan: '', planHash: '' } : plan),
    ...verdict(runbook, occasion, { plan, target: target?.name ?? null, names }, deps, now),
  };
}

/** Runs on one target take turns; one without a target takes turns with itself. */
export const locksOf = (runbook: Runbook, targets: readonly string[]): string[] =>
  targets.length === 0 ? [`runbook ${runbook.id}`] : targets.map((name) => `target ${name}`);

/** The targets that a run's locks stand for. */
export const lockedTargets = (locks: readonly string[]): string[] =>
  locks.flatMap((lock) => (lock.startsWith('target ') ? lock.slice('target '.length) : []));

function verdict(
  runbook: Runbook,
  { labels, resolved }: Occasion,
  { plan, ...on }: { plan: ReturnType<typeof planned> } & RehearsedOn,
  deps: IntakeDeps,
  now: number,
): Decided {
  const { store } = deps;
  const { mode, trust } = modeNow(runbook, { tier: labels.tier, ...on }, deps, now);
  const say = (state: RunState, reason: string): Decided => ({
    ...{ state, reason },
    onceNeeded: null,
    mode,
    trust,
  });
  if (resolved) return say('refused', 'the alert had resolved before it was delivered');
  if ('problem' in plan) return say('refused', plan.problem);
  const hold = store.holds.current(now);
  if (hold) return say('held', `held by ${hold.holder}`);
  if (mode === 'auto') return say('waiting', '');
  const reason = mode === 'approve' ? trust : `a person decides; the plan: ${plan.plan}`;
  return {
    mode,
    trust,
    ...leaveToPeople(runbook, mode === 'approve' ? 'awaiting-approval' : 'handed-off', reason),
  };
}

/** What people decide is theirs at once; or, where conditions say whether there is anything to do, as soon as they have said so. */
export const leaveToPeople = (
  { applies }: Runbook,
  state: NonNullable<NewRun['onceNeeded']>['state'],
  reason: string,
): Pick<NewRun, 'state' | 'reason' | 'onceNeeded'> =>
  applies
    ? { state: 'waiting', reason: '', onceNeeded: { state, reason } }
    : { state, reason, onceNeeded: null };

/** How it acts at this moment. What acts by itself must be proven; while a drill rehearses it, it may act, for that is the proof. */
function modeNow(
  runbook: Runbook,
  { tier, ...on }: { tier: string | undefined } & RehearsedOn,
  { store, inShift, targets }: Pick<IntakeDeps, 'store' | 'inShift' | 'targets'>,
  now: number,
): { mode: Mode; trust: string } {
  const rehearsals = store.proofs.rehearsing(runbook.id, now);
  const rehearsal = rehearsalOf(runbook, on, rehearsals, targets);
  if (rehearsal) return { mode: 'auto', trust: `${rehearsal.holder} rehearses it` };
  const mode = modeFor(runbook.mode, tier, inShift(now));
  if (mode !== 'auto') return { mode, trust: `its mode is ${mode}` };
  const { mayAct, because } = trustIn(runbook, store.proofs, now);
  return mayAct
    ? { mode, trust: because }
    : { mode: 'approve', trust: `it may not act by itself: ${because}${elsewhere(rehearsals)}` };
}

/** That a drill rehearses it, and not on this target. */
const elsewhere = ([rehearsal]: readonly Rehearsal[]): string =>
  rehearsal ? `; the rehearsal of ${rehearsal.holder} does not cover this target` : '';
