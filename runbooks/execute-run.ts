import type { Clock } from '../kit/clock.ts';
import { messageOf } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import { type Attributes, failSpan, withSpan } from '../kit/tracing.ts';
import type { AuditLog } from './audit.ts';
import { verify } from './conditions/ask.ts';
import { withDeadline } from './deadline.ts';
import { resolveTarget } from './resolve-target.ts';
import type { FinalOutcome, StoredRun } from './run.ts';
import type { Runbook, RunbookStep } from './schema/runbook.ts';
import type { SnapshotSets } from './snapshots/set.ts';
import type { Step, StepResult, StepWorld } from './step.ts';
import type { RunStore } from './store.ts';

/** What carrying out a run needs. */
export interface ExecutionDeps {
  store: RunStore;
  audit: AuditLog;
  targets: Targets;
  snapshots: SnapshotSets;
  steps: readonly Step[];
  clock: Clock;
  log: Log;
  /** The name of this process as the owner of runs. */
  owner: string;
}

/** A process that has not renewed the lease of its run for so long is dead, or as good as. */
export const leaseMs = 5000;
const renewEveryMs = 1000;

interface Verdict {
  outcome: FinalOutcome;
  reason: string;
}

/** Carries out a run that `deps.owner` has claimed, and stores how it ended. Does not throw for what the run meets. */
export function executeRun(
  run: StoredRun,
  runbook: Runbook,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<void> {
  return withSpan(`runbook ${runbook.id}`, { attributes: () => aboutRun(run) }, async (span) => {
    const { outcome, reason } = await carryOut(run, runbook, deps, signal);
    span.setAttributes({ 'andon.outcome': outcome, 'andon.reason': reason });
    if (outcome !== 'succeeded') failSpan(span, reason);
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

async function carryOut(
  run: StoredRun,
  runbook: Runbook,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  const { store, audit, clock, log, owner } = deps;
  const done = new AbortController();
  const renewing = keepLease(run, deps, done.signal);
  const verdict = await attempt(run, runbook, deps, signal);
  done.abort();
  await renewing;
  const { outcome, reason } = auditEnd(run, verdict, audit);
  if (!store.finish(run.id, owner, outcome, reason, clock.now()))
    log.error({ run: run.id, outcome }, 'the run had been handed off because its lease had expired');
  const level = outcome === 'succeeded' ? 'info' : 'warn';
  log[level]({ run: run.id, runbook: run.runbook, target: run.target, outcome, reason }, 'runbook finished');
  return { outcome, reason };
}

/** What could not be put on record is for a person to look at, however well it went. */
function auditEnd(run: StoredRun, verdict: Verdict, audit: AuditLog): Verdict {
  try {
    audit.append('run.finished', { run: run.id, runbook: run.runbook, target: run.target, ...verdict });
    return verdict;
  } catch (error) {
    const reason = `${verdict.outcome}: ${verdict.reason}; but the audit log failed: ${messageOf(error)}`;
    return { outcome: 'handed-off', reason };
  }
}

async function keepLease(run: StoredRun, deps: ExecutionDeps, signal: AbortSignal): Promise<void> {
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

async function attempt(
  run: StoredRun,
  runbook: Runbook,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  const { audit, targets, steps, snapshots, clock, log } = deps;
  try {
    // A label's name was stored with the run, so that a changed alert cannot change where it works.
    const resolved = resolveTarget({ ...runbook, target: run.target ?? undefined }, {}, targets, steps);
    if ('problem' in resolved) return { outcome: 'refused', reason: resolved.problem };
    audit.append('run.started', {
      run: run.id,
      runbook: run.runbook,
      target: run.target,
      actor: run.actor,
      alert: run.alert,
      fingerprint: run.fingerprint,
    });
    const world = { target: resolved.target, snapshots, clock, log };
    const what = `the runbook ${runbook.id}`;
    return await withDeadline(what, runbook.timeout, { clock, signal }, (limited) =>
      stepsAndChecks(run, runbook, world, deps, limited),
    );
  } catch (error) {
    if (signal.aborted) return { outcome: 'handed-off', reason: `stopped: ${messageOf(signal.reason)}` };
    return { outcome: 'failed', reason: messageOf(error) };
  }
}

async function stepsAndChecks(
  run: StoredRun,
  runbook: Runbook,
  world: StepWorld,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  const reasons: string[] = [];
  for (const [position, entry] of runbook.steps.entries()) {
    signal.throwIfAborted();
    const hold = deps.store.holds.current(world.clock.now());
    if (hold) {
      const reason = `held by ${hold.holder} before step ${position + 1}`;
      return { outcome: position === 0 ? 'held' : 'handed-off', reason };
    }
    const result = await recordStep(run, position, entry, world, deps, signal);
    if (result.outcome !== 'succeeded') {
      // Told to stop from outside: the caller knows what that means.
      signal.throwIfAborted();
      return { outcome: result.outcome, reason: result.summary };
    }
    reasons.push(result.summary);
  }
  for (const check of runbook.verify) {
    const problem = await verify(check, world, signal);
    if (problem) return { outcome: 'failed', reason: problem };
  }
  return { outcome: 'succeeded', reason: reasons.join('; ') };
}

function recordStep(
  run: StoredRun,
  position: number,
  entry: RunbookStep,
  world: StepWorld,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<StepResult> {
  const attributes = () => ({ 'andon.run': String(run.id), 'andon.step': position + 1 });
  return withSpan(`runbook step ${entry.step}`, { attributes }, async (span) => {
    const result = await takeStep(run, position, entry, world, deps, signal);
    span.setAttributes({ 'andon.outcome': result.outcome, 'andon.touched': result.touched });
    if (result.outcome !== 'succeeded') failSpan(span, result.summary);
    return result;
  });
}

/** The step is on record before it acts, so that a crash never leaves an act that nobody knows of. */
async function takeStep(
  run: StoredRun,
  position: number,
  entry: RunbookStep,
  world: StepWorld,
  { store, audit, steps }: ExecutionDeps,
  signal: AbortSignal,
): Promise<StepResult> {
  const { clock } = world;
  const step = steps.find((known) => known.kind === entry.step);
  if (!step) throw new TypeError(`no step is called ${entry.step}`);
  const about = { run: run.id, position, step: entry.step };
  audit.append('step.started', { ...about, with: entry.with, plan: step.plan(entry.with, world) });
  store.startStep(run.id, position, entry.step, clock.now());
  const what = `the step ${entry.step}`;
  const result = await withDeadline(what, entry.timeout, { clock, signal }, (limited) =>
    step.run(entry.with, world, limited),
  ).catch(
    (error: unknown): StepResult => ({
      outcome: 'failed',
      summary: messageOf(error),
      touched: 0,
      details: {},
    }),
  );
  store.finishStep(run.id, position, result, clock.now());
  audit.append('step.finished', { ...about, ...result });
  return result;
}
