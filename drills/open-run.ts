import path from 'node:path';
import { promDuration } from '../kit/duration.ts';
import { StoppedError } from '../kit/errors.ts';
import type { Journal } from './journal.ts';
import { PrometheusApi } from './prometheus-api.ts';
import type { DrillDeps, Run } from './run.ts';
import { RunbookWatch } from './runbook-watch.ts';
import type { Drill } from './schema.ts';
import { Stopwatch } from './stopwatch.ts';
import { UndoLog } from './undo-log.ts';

/** A run before its first stage: nothing is open, nothing is touched. `stack` is what it closes at its end. */
export function openRun(
  drill: Drill,
  id: string,
  dir: string,
  deps: DrillDeps,
  journal: Journal,
  stack: AsyncDisposableStack,
): Run {
  const stopper = new AbortController();
  const limit = setTimeout(() => stopper.abort(tooLong(drill)), drill.max_duration);
  stack.defer(() => clearTimeout(limit));
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
    signal: AbortSignal.any([deps.signal, stopper.signal]),
    stop: (reason) => stopper.abort(reason),
    cleanUp: stack,
    surveyed: [],
    reasons: [],
  };
  return run;
}

const tooLong = ({ max_duration }: Drill): StoppedError =>
  new StoppedError(
    'drill.too-long',
    `the drill was not over after its max_duration of ${promDuration(max_duration)}`,
    {
      mend: 'See in the report which stage took so long; then mend that, or give the drill a longer max_duration.',
    },
  );
