import { isoTime } from '../../kit/clock.ts';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { Target } from '../../kit/targets.ts';
import { failSpan, type Span, startSpan } from '../../kit/tracing.ts';
import { within } from '../../kit/wait.ts';
import type { Fault, Host, Plan } from '../fault.ts';
import { faultOf } from '../faults/registry.ts';
import { forgottenAfterMs } from '../lease.ts';
import { startLeash } from '../leash.ts';
import { lastingResidue } from '../residue.ts';
import { type ActiveFault, note, type Run, targetsOf } from '../run.ts';
import type { MethodStep } from '../schema.ts';
import { newSince, survey } from '../survey/survey.ts';
import { identityOf } from '../target-lock.ts';
import { whoEnded } from '../who-ended.ts';

/** How often the watch looks whether a fault is over. */
const lookMs = 100;
/** How long lifting one fault may take before it counts as left behind. */
const liftLimitMs = 20_000;

/** Injects every step at its time and stays until all faults are out: by time, by a runbook, or by an abort. */
export async function faultStage(run: Run): Promise<void> {
  const { clock } = run.deps;
  const start = clock.now();
  const steps = run.drill.method
    .map((step, index) => ({ step, index }))
    .toSorted((a, b) => a.step.after - b.step.after);
  for (const { step, index } of steps) {
    while (clock.now() < start + step.after) {
      await liftDue(run);
      await clock.sleep(Math.min(lookMs, start + step.after - clock.now()), run.signal);
    }
    await injectStep(run, step, index, start + step.after);
  }
  while (run.faults.some((fault) => fault.liftedAtMs === undefined)) {
    await clock.sleep(lookMs, run.signal);
    await liftDue(run);
  }
}

async function injectStep(run: Run, step: MethodStep, index: number, plannedAtMs: number): Promise<void> {
  const { deps, journal } = run;
  const fault: Fault = faultOf(step.fault);
  const target = deps.settings.targets[step.target];
  if (!target) throw new UnavailableError('drill.no-target', `no target is called ${step.target}`);
  const named = { name: step.target, target };
  const plan = fault.plan(step.with, named, run.id, step.for);
  const base = { index, kind: plan.kind, target: plan.target };
  journal.write({
    type: 'fault-planned',
    at: isoTime(deps.clock.now()),
    ...base,
    effects: [...plan.effects],
    ...(fault.affects === undefined ? {} : { affects: fault.affects }),
  });
  const host = hostOf(run);
  const span = faultSpan(run, base);
  const begin = async () => {
    // Once more: what was so in the preflight may have changed, and an undo takes back what somebody else has done since.
    await fault.demand?.(step.with, named, host);
    const undoId = openUndo(run, plan, target);
    return { undoId, injection: await fault.inject(plan, step.with, named, host, run.signal) };
  };
  const { undoId, injection } = await begin().catch((error: unknown) => {
    failSpan(span, error);
    span.end();
    throw error;
  });
  const injectedAtMs = deps.clock.now();
  const active: ActiveFault = {
    index,
    plan,
    injection,
    undoId,
    injectedAtMs,
    dueAtMs: plannedAtMs + step.for,
    span,
  };
  run.faults.push(active);
  journal.write({ type: 'fault-injected', at: isoTime(injectedAtMs), ...base });
  const ended = injection.liftedByOthers.then((by) => whoEnded(by, run.runbooks, injectedAtMs));
  ended.then(
    (by) => {
      active.liftedBy ??= by;
    },
    (error: unknown) => deps.log.debug({ error: messageOf(error) }, 'fault watch ended'),
  );
}

/** On the disk before the fault is in. */
const openUndo = ({ id, undoLog, deps }: Run, { kind, target, undo }: Plan, system: Target): string =>
  undoLog.open({
    run: id,
    fault: kind,
    target,
    undo,
    identity: identityOf(system),
    configFile: deps.configFile,
  });

/** What the faults of a run may reach. */
function hostOf({ deps, load }: Run): Host {
  const { clock, log, fetch, configFile, self, settings } = deps;
  return {
    clock,
    log,
    fetch,
    targets: settings.targets,
    load,
    leash: ({ undo, durationMs }) =>
      startLeash({ undo, longestMs: durationMs + forgottenAfterMs, configFile, self, clock }),
  };
}

function faultSpan(
  { id }: Run,
  { index, kind, target }: { index: number; kind: string; target: string },
): Span {
  const attributes = () => ({
    'andon.run': id,
    'andon.fault': kind,
    'andon.target': target,
    'andon.step': index + 1,
  });
  return startSpan(`drill fault ${kind}`, { attributes });
}

/** Lifts what is over, the last one in first out. */
async function liftDue(run: Run): Promise<void> {
  const now = run.deps.clock.now();
  const due = run.faults.filter(
    (fault) => fault.liftedAtMs === undefined && (fault.liftedBy !== undefined || fault.dueAtMs <= now),
  );
  for (const fault of due.toReversed()) await lift(run, fault, fault.liftedBy ?? 'time');
}

/** Takes one fault out and writes down who ended it and what it had touched. Safe to repeat; never throws. */
async function lift(run: Run, fault: ActiveFault, by: string): Promise<void> {
  if (fault.liftedAtMs !== undefined) return;
  const { deps, journal } = run;
  const base = { index: fault.index, kind: fault.plan.kind, target: fault.plan.target };
  const touched = Math.round(await fault.injection.touched().catch(() => 0));
  const error = await withLimit(fault.injection[Symbol.asyncDispose](), liftLimitMs);
  fault.liftedAtMs = deps.clock.now();
  fault.liftedBy = by;
  journal.write({ type: 'fault-lifted', at: isoTime(fault.liftedAtMs), ...base, by, touched });
  if (error !== undefined) note(run, `lifting ${base.kind} on ${base.target} failed: ${error}`);
  endSpan(fault.span, { by, touched, error });
}

function endSpan(span: Span, lifted: { by: string; touched: number; error: string | undefined }): void {
  span.setAttributes({ 'andon.lifted_by': lifted.by, 'andon.touched': lifted.touched });
  if (lifted.error !== undefined) failSpan(span, lifted.error);
  span.end();
}

/** Lifts everything that is still in. Runs under its own deadline, whatever has been aborted. */
export async function healAll(run: Run, by: string): Promise<void> {
  for (const fault of run.faults.toReversed()) await lift(run, fault, by);
}

/** Proves that nothing is left, and writes down what is. Only then is the undo done; else the watchdog still has it. */
export async function proveNoResidue(run: Run): Promise<string[]> {
  const all: string[] = [];
  const changed = run.faults.length === 0 ? [] : await notAsBefore(run);
  for (const { index, plan, injection, undoId } of run.faults) {
    const { kind, target } = plan;
    const own = await within(injection.residue(), AbortSignal.timeout(liftLimitMs)).catch(
      (error: unknown) => [`${kind} on ${target} could not be checked: ${messageOf(error)}`],
    );
    const first = run.faults.find((fault) => fault.plan.target === target)?.index === index;
    const residue = [...own, ...(first ? changed.filter((text) => text.startsWith(`${target}: `)) : [])];
    const at = isoTime(run.deps.clock.now());
    run.journal.write({ type: 'fault-residue', at, index, kind, target, residue });
    if (residue.length === 0) run.undoLog.done(undoId, 'runner');
    all.push(...residue);
  }
  return all;
}

/** What the targets have now and had not in the preflight, whichever fault it is of. Servers need a moment to notice our goodbye. */
const notAsBefore = (run: Run): Promise<string[]> =>
  lastingResidue(
    'the targets as they were',
    async () => newSince(run.surveyed, await survey(targetsOf(run), { ...run.deps, run: run.id })),
    run.deps.clock,
  );

async function withLimit(work: PromiseLike<void>, limitMs: number): Promise<string | undefined> {
  try {
    await within(work, AbortSignal.timeout(limitMs));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
