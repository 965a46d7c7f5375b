import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { type Attributes, failSpan, withSpan } from '../../kit/tracing.ts';
import { ask } from '../intake/intake.ts';
import { tellPeople } from '../people/hand-off.ts';
import { hashOfRunbook } from '../schema/runbook.ts';
import { type Failure, type FinalOutcome, isQuiet, type StoredRun } from '../store/run.ts';
import { askNeed, unverified } from './checks.ts';
import { type Execution, rulesOf, totalMs } from './execution.ts';
import { type Move, nextMove, type StepFact } from './next-move.ts';
import { type TimeLeft, takeStep } from './take-step.ts';

/** A process that has not renewed the lease of its run for so long is dead, or as good as. */
export const leaseMs = 5000;
const renewEveryMs = 1000;

interface Verdict {
  outcome: FinalOutcome;
  reason: string;
}

/** The run has left its turn to others, until people have decided. */
const waitsForPeople = 'waits for people';

/**
 * Carries out a run that `deps.owner` holds, from wherever it stands on the disk, and stores how it ended. `signal` stops it:
 * what it has done is then taken back. Does not throw for what the run meets.
 */
export function executeRun(execution: Execution, signal: AbortSignal): Promise<void> {
  const { run, runbook } = execution;
  return withSpan(`runbook ${runbook.id}`, { attributes: () => aboutRun(run) }, async (span) => {
    const verdict = await carryOut(execution, signal);
    if (verdict === waitsForPeople) return void span.setAttributes({ 'andon.outcome': 'awaiting-approval' });
    const { outcome, reason } = verdict;
    span.setAttributes({ 'andon.outcome': outcome, 'andon.reason': reason });
    if (!isQuiet(outcome)) failSpan(span, reason);
  });
}

/** The fingerprint is that of the alert in Alertmanager, under which its notices and the run's record stand too. */
const aboutRun = ({ id, runbook, target, actor, alert, fingerprint }: StoredRun): Attributes => ({
  'andon.run': String(id),
  'andon.runbook': runbook,
  'andon.actor': actor,
  'andon.alert.fingerprint': fingerprint,
  ...(alert === null ? {} : { 'andon.alert.name': alert }),
  ...(target === null ? {} : { 'andon.target': target }),
});

async function carryOut(execution: Execution, signal: AbortSignal): Promise<Verdict | typeof waitsForPeople> {
  const done = new AbortController();
  const renewing = keepLease(execution, done.signal);
  await execution.deps.store.turns.next();
  const verdict = await attempt(execution, signal);
  done.abort();
  await renewing;
  await execution.deps.store.turns.next();
  return verdict === waitsForPeople ? verdict : close(execution, verdict);
}

/** Stores how a run ended and, unless all is well, tells a person. */
function close(execution: Execution, verdict: Verdict): Verdict {
  const { run, deps } = execution;
  const { store, clock, log, owner } = deps;
  const { outcome, reason } = auditEnd(execution, verdict);
  const now = clock.now();
  const stored = store.transaction(() => {
    if (!store.finish(run.id, owner, { outcome, reason }, now)) return false;
    if (!isQuiet(outcome)) tellPeople(store, run.id, endMessage(run, { outcome, reason }), now);
    return true;
  });
  if (!stored) log.error({ run: run.id, outcome }, 'the run was taken over, because its lease had expired');
  const level = isQuiet(outcome) ? 'info' : 'warn';
  log[level]({ run: run.id, runbook: run.runbook, target: run.target, outcome, reason }, 'runbook finished');
  return { outcome, reason };
}

/** What a person is told of the end of a run. */
export const endMessage = (
  { runbook, target }: Pick<StoredRun, 'runbook' | 'target'>,
  { outcome, reason }: Verdict,
) => ({
  kind: 'ended' as const,
  key: 'ended',
  title: `${runbook}${target === null ? '' : ` on ${target}`} ended as ${outcome}: a person must look`,
  text: reason,
});

/** What could not be put on record is for a person to look at, however well it went. */
function auditEnd({ run, deps: { audit } }: Execution, verdict: Verdict): Verdict {
  try {
    audit.append('run.finished', { run: run.id, runbook: run.runbook, target: run.target, ...verdict });
    return verdict;
  } catch (error) {
    const reason = `${verdict.outcome}: ${verdict.reason}; but the audit log failed: ${messageOf(error)}`;
    return { outcome: 'handed-off', reason };
  }
}

async function keepLease({ run, deps }: Execution, signal: AbortSignal): Promise<void> {
  const { store, clock, log, owner } = deps;
  while (!signal.aborted) {
    try {
      await clock.sleep(renewEveryMs, signal);
      store.renew(run.id, owner, clock.now() + leaseMs);
    } catch (error) {
      if (!signal.aborted) log.warn({ run: run.id, error: messageOf(error) }, 'lease of the run not renewed');
    }
  }
}

async function attempt(execution: Execution, signal: AbortSignal): Promise<Verdict | typeof waitsForPeople> {
  const { run, runbook, deps } = execution;
  try {
    if (hashOfRunbook(runbook) !== run.runbookHash)
      return { outcome: 'handed-off', reason: 'the runbook was changed since this run began' };
    if (run.startedAt === null || deps.store.steps.of(run.id).length === 0)
      deps.audit.append('run.started', {
        ...{ run: run.id, runbook: run.runbook, target: run.target, actor: run.actor },
        ...{ alert: run.alert, fingerprint: run.fingerprint, trust: run.trust, plan_hash: run.planHash },
      });
    return await moves(execution, signal);
  } catch (error) {
    return { outcome: 'handed-off', reason: `it could not be carried on: ${messageOf(error)}` };
  }
}

/** Asks again and again what comes next, and does it. */
async function moves(execution: Execution, signal: AbortSignal): Promise<Verdict | typeof waitsForPeople> {
  const { run, runbook, deps } = execution;
  const { store } = deps;
  const rules = rulesOf(runbook, deps.steps);
  for (;;) {
    const facts = store.steps.of(run.id);
    const move = inTime(nextMove(rules, facts, store.stored(run.id) ?? run), execution, signal);
    if (move.kind === 'end') return move;
    const held = holdOf(execution, facts);
    if (held) return held;
    if (move.kind === 'turn-back') turnBack(execution, move.failure);
    else if (move.kind === 'ask-need') await noteNeed(execution, signal);
    else if (move.kind === 'ask-people') return leaveToPeople(execution, move.reason);
    else if (move.kind === 'verify') {
      const problem = await unverified(execution, signal);
      if (problem === undefined) return { outcome: 'succeeded', reason: summaryOf(facts) };
      turnBack(execution, { outcome: 'failed', reason: problem });
    } else await step(execution, move, signal);
  }
}

const summaryOf = (facts: readonly StepFact[]): string =>
  facts.flatMap(({ outcome, summary }) => (outcome === 'succeeded' ? summary : [])).join('; ');

/** A run that was told to stop, or whose time is over, turns back although its steps would allow the next one. */
function inTime(move: Move, execution: Execution, signal: AbortSignal): Move {
  if (move.kind === 'undo' || move.kind === 'end' || move.kind === 'ask-people') return move;
  const turnBack = (outcome: Failure['outcome'], reason: string): Move => ({
    kind: 'turn-back',
    failure: { outcome, reason },
  });
  // Whatever the step said that was told to stop.
  if (signal.aborted) return turnBack('handed-off', `stopped: ${messageOf(signal.reason)}`);
  if (move.kind !== 'do' || execution.deps.clock.now() < forwardEnd(execution)) return move;
  const limit = promDuration(totalMs(execution));
  return turnBack('failed', `the runbook ${execution.runbook.id} took longer than ${limit}`);
}

/** Asks whether there is anything to do. What was said is on the disk before anything follows from it. */
async function noteNeed(execution: Execution, signal: AbortSignal): Promise<void> {
  const { run, deps } = execution;
  const { store, audit, owner } = deps;
  const need = await askNeed(execution, signal);
  // Who is told to stop in the middle has no answer.
  if (signal.aborted) return;
  audit.append('run.asked', { run: run.id, runbook: run.runbook, ...need });
  if (!store.noteNeed(run.id, owner, need)) throw new Error(takenOver);
}

function leaveToPeople({ run, runbook, deps }: Execution, reason: string): typeof waitsForPeople {
  const { store, audit, clock, owner } = deps;
  audit.append('run.awaits-approval', { run: run.id, runbook: run.runbook, reason });
  store.transaction(() => {
    const waiting = store.awaitApproval(run.id, owner, reason);
    if (!waiting) throw new Error(takenOver);
    ask(waiting, runbook, store, clock.now());
  });
  return waitsForPeople;
}

/** The kill switch: nothing acts while it is on, not even what takes something back. */
function holdOf({ deps: { store, clock } }: Execution, facts: readonly StepFact[]): Verdict | undefined {
  const hold = store.holds.current(clock.now());
  if (!hold) return undefined;
  const acted = facts.some(({ touched }) => touched !== 0);
  if (!acted) return { outcome: 'held', reason: `held by ${hold.holder} before step 1` };
  const next = Math.max(...facts.map(({ position }) => position)) + 2;
  return { outcome: 'handed-off', reason: `held by ${hold.holder} before step ${next}` };
}

const forwardEnd = (execution: Execution): number =>
  (execution.run.startedAt ?? execution.deps.clock.now()) + totalMs(execution);

async function step(
  execution: Execution,
  { kind: phase, position, attempt, afterMs }: Extract<Move, { kind: 'do' | 'undo' }>,
  signal: AbortSignal,
): Promise<void> {
  const time = phase === 'do' ? { endsAt: forwardEnd(execution), signal } : timeToTakeBack(execution);
  await pause(execution, afterMs, time);
  if (time.signal.aborted) return;
  await takeStep(execution, { position, phase, attempt }, time);
}

/** Taking back has a time of its own: neither the signal that stopped the run nor its lost time counts. */
function timeToTakeBack(execution: Execution): TimeLeft {
  const { run, deps } = execution;
  const now = deps.clock.now();
  const endsAt = (deps.store.stored(run.id)?.turnedBackAt ?? now) + totalMs(execution);
  if (endsAt <= now) throw new Error(`taking it back took longer than ${promDuration(totalMs(execution))}`);
  return { endsAt, signal: new AbortController().signal };
}

async function pause({ deps: { clock } }: Execution, ms: number, { signal }: TimeLeft): Promise<void> {
  if (ms === 0) return;
  await clock.sleep(ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function turnBack({ run, deps }: Execution, failure: Failure): void {
  const { store, audit, clock, owner, log } = deps;
  audit.append('run.turned-back', { run: run.id, runbook: run.runbook, ...failure });
  log.warn({ run: run.id, runbook: run.runbook, reason: failure.reason }, 'runbook turns back');
  if (!store.turnBack(run.id, owner, failure, clock.now())) throw new Error(takenOver);
}

const takenOver = 'another process has taken this run over';
