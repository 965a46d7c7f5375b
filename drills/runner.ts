import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { isoTime } from '../kit/clock.ts';
import { AndonError, messageOf, StoppedError } from '../kit/errors.ts';
import { cleanUp } from './clean.ts';
import { receiveDeliveries } from './deliveries.ts';
import type { LoadRequest } from './fault.ts';
import { Journal } from './journal.ts';
import { askHypothesis, holds } from './probes/hypothesis.ts';
import { PrometheusApi } from './prometheus-api.ts';
import { reportFromJournal } from './report/from-journal.ts';
import type { Report } from './report/schema.ts';
import { type DrillDeps, note, nowIso, type Run, stage } from './run.ts';
import { RunbookWatch } from './runbook-watch.ts';
import type { Drill } from './schema.ts';
import { readSeries } from './series.ts';
import { faultStage, healAll, proveNoResidue } from './stages/fault.ts';
import { loadStage } from './stages/load.ts';
import { preflight } from './stages/preflight.ts';
import { reconcileStage } from './stages/reconcile.ts';
import { recoveryStage } from './stages/recovery.ts';
import { verdictStage } from './stages/verdict.ts';
import { GuardrailTripped, watchAlerts, watchGuardrails, watchHypothesis } from './stages/watch.ts';
import { Stopwatch } from './stopwatch.ts';
import { UndoLog } from './undo-log.ts';
import { startWatchdog } from './watchdog.ts';

/** `20261122T111500Z-db-lock-3f2a`: sorts by time, names the drill, is unique. */
export function newRunId(drill: string, now: number): string {
  const stamp = isoTime(now).replaceAll(/[-:]|\.\d+/g, '');
  return `${stamp}-${drill}-${randomBytes(2).toString('hex')}`;
}

/**
 * Holds one drill, from preflight to verdict, and returns its report. Whatever happens (an error, a guardrail, a signal), the
 * faults are lifted under their own deadline and the journal is closed with a verdict.
 */
export async function runDrill(drill: Drill, id: string, dir: string, deps: DrillDeps): Promise<Report> {
  using journal = new Journal(path.join(dir, 'journal.ndjson'), deps.onEvent);
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
    verdict = await throughStages(run);
  } catch (error) {
    verdict = await giveUp(run, error);
  }
  journal.write({ type: 'run-finished', at: nowIso(run), verdict, reasons: run.reasons });
  return reportFromJournal(journal.events);
}

function openRun(
  drill: Drill,
  id: string,
  dir: string,
  deps: DrillDeps,
  journal: Journal,
  stack: AsyncDisposableStack,
): Run {
  const stopper = new AbortController();
  const limit = AbortSignal.timeout(drill.max_duration);
  const prometheus = new PrometheusApi(deps.settings.prometheus.url, deps.fetch);
  const { targets, drills, runbooksToken } = deps.settings;
  const load = deps.load(dir);
  const run: Run = {
    id,
    dir,
    drill,
    deps,
    journal,
    undoLog: new UndoLog(path.join(deps.home, 'undo-log.ndjson'), deps.clock),
    prometheus,
    probes: { prometheus, targets, fetch: deps.fetch, log: deps.log },
    runbooks:
      drills.runbooks_url === undefined
        ? undefined
        : new RunbookWatch(drills.runbooks_url, { ...deps, token: runbooksToken }),
    load: 'missing' in load ? undefined : load,
    loadMissing: 'missing' in load ? load.missing : undefined,
    stopwatch: new Stopwatch([], 0, (event) => journal.write(event)),
    measuredFromMs: deps.clock.now(),
    faults: [],
    signal: AbortSignal.any([deps.signal, stopper.signal, limit]),
    stop: (reason) => stopper.abort(reason),
    cleanUp: stack,
    reasons: [],
  };
  return run;
}

async function throughStages(run: Run): Promise<Report['verdict']> {
  const { drill, deps } = run;
  await stage(run, 'preflight', 0, () => preflight(run));
  await using watchdog = await startWatchdog({
    undoLogFile: run.undoLog.file,
    run: run.id,
    configFile: deps.configFile,
    journalFile: path.join(run.dir, 'journal.ndjson'),
    self: deps.self,
  });
  await prepare(run);
  await stage(run, 'baseline', drill.baseline, () => baseline(run));
  const longest = Math.max(...drill.method.map((step) => step.after + step.for));
  {
    await using hypothesis = watchHypothesis(run);
    await using _guardrails = watchGuardrails(run);
    await stage(run, 'fault', longest, () => faultStage(run));
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
  watchdog.dismiss();
  return run.reasons.length === 0 ? 'passed' : 'failed';
}

/** Opens what watches and works through the whole drill; all of it is closed before production is counted. */
async function prepare(run: Run): Promise<void> {
  const { deps, drill, cleanUp: stack } = run;
  const { listen, token } = deps.settings.drills;
  run.measuredFromMs = deps.clock.now();
  run.stopwatch = new Stopwatch(await run.prometheus.alerts(run.signal), run.measuredFromMs, (event) =>
    run.journal.write(event),
  );
  stack.use(
    await receiveDeliveries(listen, token, { now: () => deps.clock.now(), log: deps.log }, (delivery) =>
      run.stopwatch.deliver(delivery),
    ),
  );
  stack.use(watchAlerts(run));
  if (drill.runbooks === 'hold' && run.runbooks && deps.settings.drills.runbooks_url !== undefined) {
    const undo = {
      kind: 'runbooks.release-hold',
      url: deps.settings.drills.runbooks_url,
      holder: run.id,
    } as const;
    const undoId = run.undoLog.open({
      run: run.id,
      fault: 'hold',
      target: 'runbooks',
      undo,
      configFile: deps.configFile,
    });
    stack.defer(() => run.undoLog.done(undoId, 'runner'));
    stack.use(await run.runbooks.hold(run.id));
  }
  if (drill.load && !run.load) {
    note(run, `without users beside the lines: ${run.loadMissing?.mend ?? run.loadMissing?.message}`);
  }
  if (drill.load && run.load) await startBackgroundLoad(run, run.load, drill.load);
}

async function startBackgroundLoad(
  run: Run,
  load: NonNullable<Run['load']>,
  wanted: NonNullable<Drill['load']>,
): Promise<void> {
  const { drill, deps } = run;
  const mark = `${run.id}-load`;
  const longest = Math.max(...drill.method.map((step) => step.after + step.for));
  const undo = { kind: 'process.end-marked', mark } as const;
  const undoId = run.undoLog.open({
    run: run.id,
    fault: 'background load',
    target: 'mes',
    undo,
    configFile: deps.configFile,
  });
  run.cleanUp.defer(() => run.undoLog.done(undoId, 'runner'));
  const durationMs = drill.baseline + longest + drill.expect.recover_within + 60_000;
  const request: LoadRequest = { ...wanted, durationMs, mark };
  run.cleanUp.use(await load(request, run.signal));
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
