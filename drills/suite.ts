import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { isoTime } from '../kit/clock.ts';
import { ResidueError } from '../kit/errors.ts';
import type { Targets } from '../kit/targets.ts';
import type { DrillPlan, PlannedDrill } from './catalog.ts';
import { cleanUp } from './clean.ts';
import { takeDrillLock } from './drill-lock.ts';
import { describeUnfinished } from './earlier-runs.ts';
import { History } from './history.ts';
import type { JournalEvent } from './journal.ts';
import type { Report } from './report/schema.ts';
import { writeReport, writeSuite } from './report/write-report.ts';
import type { DrillDeps } from './run.ts';
import { newRunId, runDrill } from './runner.ts';
import { UndoLog } from './undo-log.ts';

/** What came of a drill or a suite. */
export interface SuiteResult {
  runs: { name: string; report: Report; dir: string }[];
  /** The folder of suite.json; undefined for a single drill. */
  dir: string | undefined;
}

export interface SuiteDeps extends Omit<DrillDeps, 'onEvent'> {
  /** Where the files go; by default `.andon/runs/<id>`. */
  out?: string | undefined;
  onEvent: (name: string, event: JournalEvent) => void;
  /** The targets of an andon.yaml: an earlier run may have broken those of another one. */
  targetsOf: (configFile: string) => Targets;
}

/** Holds the drills of a plan one after the other, as long as each leaves a clean state to the next. */
export async function runSuite(plan: DrillPlan, deps: SuiteDeps): Promise<SuiteResult> {
  using _lock = takeDrillLock(deps.home);
  const told = await finishEarlierRuns(deps);
  const startedAt = deps.clock.now();
  const runs: SuiteResult['runs'] = [];
  const suiteDir =
    plan.suite && (deps.out ?? path.join(deps.home, 'runs', newRunId(plan.suite.id, startedAt)));
  for (const planned of plan.drills) {
    const run = await holdOne(planned, suiteDir, deps, runs.length === 0 ? told : []);
    runs.push(run);
    if (endsSuite(run.report)) break;
  }
  if (plan.suite && suiteDir !== undefined) {
    const { id, title } = plan.suite;
    writeSuite(suiteDir, {
      id,
      title,
      startedAt: isoTime(startedAt),
      finishedAt: isoTime(deps.clock.now()),
      planned: plan.drills.map(({ name, drill }) => ({ name, cause: drill.cause })),
      runs,
    });
  }
  return { runs, dir: suiteDir };
}

/** A run that was stopped ends its suite, and so does one that left something: a person's turn. One that failed or could not run does not. */
export const endsSuite = ({ verdict, faults }: Pick<Report, 'verdict' | 'faults'>): boolean =>
  verdict === 'aborted' || faults.some(({ residue }) => residue.length > 0);

async function holdOne(
  { name, drill }: PlannedDrill,
  suiteDir: string | undefined,
  deps: SuiteDeps,
  told: readonly string[],
): Promise<SuiteResult['runs'][number]> {
  const startedAt = deps.clock.now();
  const id = newRunId(name, startedAt);
  const parent = suiteDir ?? deps.out;
  const dir = parent === undefined ? path.join(deps.home, 'runs', id) : path.join(parent, name);
  mkdirSync(dir, { recursive: true });
  using history = new History(deps.home);
  history.begin({ id, drill: name, startedAt: isoTime(startedAt), dir, configFile: deps.configFile });
  const onEvent = (event: JournalEvent) => deps.onEvent(name, event);
  const report = await runDrill(drill, id, dir, { ...deps, onEvent, earlier: told });
  writeReport(dir, report);
  history.finish(report);
  return { name, report, dir };
}

/** Undoes what dead runners left, and says what happened to them. Throws ResidueError when something cannot be undone. */
async function finishEarlierRuns(deps: SuiteDeps): Promise<string[]> {
  const { home, clock, settings } = deps;
  const undoLog = new UndoLog(path.join(home, 'undo-log.ndjson'), clock);
  const { undone, failed } = await cleanUp({
    undoLog,
    targets: ({ configFile }) => deps.targetsOf(configFile),
    fetch: deps.fetch,
    runbooksToken: settings.runbooksToken,
    by: 'preflight',
  });
  const { problems } = undoLog.read();
  if (failed.length + problems.length > 0) {
    throw new ResidueError('drill.residue', 'something of an earlier run is still there', {
      mend: [...failed.map(({ error, byHand }) => `${error}. ${byHand}`), ...problems].join('\n'),
    });
  }
  using history = new History(home);
  const earlier = history.unfinished();
  const told = earlier.map(describeUnfinished);
  for (const { id } of earlier) history.tell(id);
  return [
    ...told,
    ...undone.map(
      ({ run, fault, target }) => `${fault} on ${target} of run ${run} was still open, and is undone now`,
    ),
  ];
}
