import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { isoTime } from '../kit/clock.ts';
import { AndonError, messageOf, StoppedError } from '../kit/errors.ts';
import { failSpan, withSpan } from '../kit/tracing.ts';
import { cleanUp } from './clean.ts';
import { Journal } from './journal.ts';
import { openRun } from './open-run.ts';
import { askHypothesis, holds } from './probes/hypothesis.ts';
import { reportProof } from './rehearsal.ts';
import { reportFromJournal } from './report/from-journal.ts';
import type { Report } from './report/schema.ts';
import { type DrillDeps, note, nowIso, type Run, stage } from './run.ts';
import { type Drill, methodMs } from './schema.ts';
import { readSeries } from './series.ts';
import { faultStage, healAll, proveNoResidue } from './stages/fault.ts';
import { loadStage } from './stages/load.ts';
import { preflight } from './stages/preflight.ts';
import { prepare } from './stages/prepare.ts';
import { reconcileStage } from './stages/reconcile.ts';
import { recoveryStage } from './stages/recovery.ts';
import { verdictStage } from './stages/verdict.ts';
import { GuardrailTripped, watchGuardrails, watchHypothesis } from './stages/watch.ts';
import { startWatchdog } from './watchdog.ts';

/** `20261122T111500Z-db-lock-3f2a`: sorts by time, names the drill, is unique. */
export function newRunId(drill: string, now: number): string {
  const stamp = isoTime(now).replaceAll(/[-:]|\.\d+/g, '');
  return `${stamp}-${drill}-${randomBytes(2).toString('hex')}`;
}

/**
 * Holds one drill, from preflight to verdict, and returns its report. Whatever happens (an error, a guardrail, a signal), the
 * faults are lifted under their own deadline and the journal is closed with a verdict. As a trace it is one span, with those of
 * its stages and faults in it.
 */
export function runDrill(drill: Drill, id: string, dir: string, deps: DrillDeps): Promise<Report> {
  const attributes = () => ({ 'andon.run': id, 'andon.drill': drill.id, 'andon.cause': drill.cause });
  return withSpan(`drill ${drill.id}`, { attributes }, async (span) => {
    const report = await holdDrill(drill, id, dir, deps);
    span.setAttribute('andon.verdict', report.verdict);
    if (report.verdict !== 'passed') failSpan(span, report.verdict);
    return report;
  });
}

async function holdDrill(drill: Drill, id: string, dir: string, deps: DrillDeps): Promise<Report> {
  using journal = new Journal(path.join(dir, 'journal.ndjson'), deps.onEvent);
  // Declared first, so ended last: the watchdog outlasts everything that it may have to undo.
  await using guard = new AsyncDisposableStack();
  await using cleanUpStack = new AsyncDisposableStack();
  const run = openRun(drill, id, dir, deps, journal, cleanUpStack);
  const { title, cause } = drill;
  journal.write({
    type: 'run-started',
    at: nowIso(run),
    run: id,
    version: deps.version,
    pid: process.pid,
    drill: { ...drill, id: drill.id, title, cause },
    recoverWithinMs: drill.expect.recover_within,
    users: drill.load?.users ?? 0,
  });
  for (const text of deps.earlier ?? []) note(run, text);
  let verdict: Report['verdict'];
  try {
    verdict = await throughStages(run, guard);
  } catch (error) {
    verdict = await giveUp(run, error);
  }
  await reportProof(run, verdict);
  // With nothing left to undo it may go in peace; otherwise it does what we could not.
  if (run.undoLog.pending(id).length === 0) run.watchdog?.dismiss();
  journal.write({ type: 'run-finished', at: nowIso(run), verdict, reasons: run.reasons });
  return reportFromJournal(journal.events);
}

async function throughStages(run: Run, guard: AsyncDisposableStack): Promise<Report['verdict']> {
  const { drill } = run;
  await stage(run, 'preflight', 0, () => preflight(run, guard));
  await setWatchdog(run, guard);
  await prepare(run);
  await stage(run, 'baseline', drill.baseline, () => baseline(run));
  {
    await using hypothesis = watchHypothesis(run);
    await using _guardrails = watchGuardrails(run);
    await stage(run, 'fault', methodMs(drill), () => faultStage(run));
    run.journal.write({
      type: 'hypothesis',
      at: nowIso(run),
      phase: 'during',
      results: hypothesis.worst.results(),
    });
  }
  const residue = await stage(run, 'heal', 0, () => proveNoResidue(run));
  run.reasons.push(...residue.map((text) => `left behind: ${text}`));
  await stage(run, 'recovery', drill.expect.recover_within, () => recoveryStage(run));
  await run.cleanUp.disposeAsync();
  await stage(run, 'reconcile', drill.expect.drain_within, () =>
    reconcileStage(run, [path.join(run.dir, 'acknowledgements')]),
  );
  await stage(run, 'verdict', 0, async () => {
    const curves = loadStage(run);
    await verdictStage(run);
    await plot(run, curves);
  });
  return run.reasons.length === 0 ? 'passed' : 'failed';
}

async function setWatchdog(run: Run, guard: AsyncDisposableStack): Promise<void> {
  const { deps } = run;
  const watchdog = guard.use(
    await startWatchdog({
      undoLogFile: run.undoLog.file,
      run: run.id,
      configFile: deps.configFile,
      journalFile: path.join(run.dir, 'journal.ndjson'),
      self: deps.self,
    }),
  );
  run.watchdog = watchdog;
  watchdog.lost.then((reason) =>
    run.stop(
      new StoppedError(
        'drill.watchdog-lost',
        `the watchdog ended (${reason}), so nobody would heal if this process died`,
      ),
    ),
  );
}

async function baseline(run: Run): Promise<void> {
  await run.deps.clock.sleep(run.drill.baseline, run.signal);
  const results = await askHypothesis(run.drill.hypothesis, run.probes, run.signal);
  run.journal.write({ type: 'hypothesis', at: nowIso(run), phase: 'before', results });
  if (!holds(results)) run.reasons.push('the hypothesis did not hold before the fault');
}

async function plot(run: Run, curves: Report['series']): Promise<void> {
  try {
    const series = await readSeries(run.prometheus, run.measuredFromMs, run.deps.clock.now());
    run.journal.write({ type: 'series', at: nowIso(run), series: [...series, ...curves] });
  } catch (error) {
    note(run, `the plots are missing: ${messageOf(error)}`);
  }
}

/** Heals now, whatever went wrong, and says why the drill ended. */
async function giveUp(run: Run, error: unknown): Promise<Report['verdict']> {
  const aborted = run.signal.aborted;
  const reason = aborted ? run.signal.reason : error;
  await healAll(run, whoStopped(run));
  const residue = await proveNoResidue(run);
  const closing = await run.cleanUp.disposeAsync().then(
    () => [],
    (problem: unknown) => [messageOf(problem)],
  );
  const left = await cleanUp({
    undoLog: run.undoLog,
    run: run.id,
    targets: run.deps.settings.targets,
    fetch: run.deps.fetch,
    runbooksToken: run.deps.settings.runbooksToken,
    by: 'runner',
  });
  run.reasons.push(
    messageOf(reason),
    ...residue.map((text) => `left behind: ${text}`),
    ...left.failed.map(({ byHand }) => byHand),
  );
  for (const text of closing) note(run, text);
  const mend = reason instanceof AndonError ? reason.mend : undefined;
  run.journal.write({
    type: 'error',
    at: nowIso(run),
    message: messageOf(reason),
    ...(mend === undefined ? {} : { mend }),
  });
  return aborted || run.faults.length > 0 || reason instanceof StoppedError ? 'aborted' : 'not-run';
}

function whoStopped(run: Run): string {
  if (run.signal.reason instanceof GuardrailTripped) return 'guardrail';
  return run.deps.signal.aborted ? 'signal' : 'error';
}
