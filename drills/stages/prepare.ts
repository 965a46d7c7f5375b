import { receiveDeliveries } from '../deliveries.ts';
import type { LoadRequest } from '../fault.ts';
import { beginRehearsal } from '../rehearsal.ts';
import { note, type Run } from '../run.ts';
import { type Drill, methodMs } from '../schema.ts';
import { Stopwatch } from '../stopwatch.ts';
import { watchAlerts } from './watch.ts';

/** Opens what watches and works through the whole drill; all of it is closed before production is counted. */
export async function prepare(run: Run): Promise<void> {
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
    stack.use(doneWhenDisposed(run, undoId, await run.runbooks.hold(run.id)));
  }
  await beginRehearsal(run);
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
  const undo = { kind: 'process.end-marked', mark } as const;
  const undoId = run.undoLog.open({
    run: run.id,
    fault: 'background load',
    target: 'mes',
    undo,
    configFile: deps.configFile,
  });
  const durationMs = drill.baseline + methodMs(drill) + drill.expect.recover_within + 60_000;
  const request: LoadRequest = { ...wanted, durationMs, mark };
  run.cleanUp.use(doneWhenDisposed(run, undoId, await load(request, run.signal)));
}

/** The undo is done only when the thing has really ended; where that fails, the watchdog still has it. */
function doneWhenDisposed(run: Run, undoId: string, thing: AsyncDisposable): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await thing[Symbol.asyncDispose]();
      run.undoLog.done(undoId, 'runner');
    },
  };
}
