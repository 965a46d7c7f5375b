import { expect, onTestFinished, test } from 'vitest';
import { isoTime } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { Journal, lastOf } from '../journal.ts';
import { openRun } from '../open-run.ts';
import { cutDrill, drillDeps } from '../testing/drill-deps.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { verdictStage } from './verdict.ts';

const at = (second: number): string => isoTime(Date.UTC(2026, 0, 5, 9, 0, second));
const succeeded = {
  ...{ runbook: 'mend', alert: 'Broken', startedAt: at(10), verifiedAt: at(12), finishedAt: at(12) },
  ...{ outcome: 'succeeded', state: 'succeeded', reason: 'mended', steps: [] },
};
const waiting = { ...succeeded, startedAt: null, verifiedAt: null, finishedAt: null, outcome: 'running' };
const atStep = { step: 'approve', position: 2, phase: 'do', outcome: 'running', finishedAt: null };

/** Why a drill did not pass that expects `mend`, where the runbook service shows these runs. */
async function reasons(runs: object[], runbooks: 'act' | 'hold' = 'act'): Promise<string[]> {
  const home = tempFolder();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const address = { host: '127.0.0.1', port: 0 };
  const service = stack.use(
    await listen((_request, response) => response.end(JSON.stringify(runs)), address),
  );
  const journal = stack.use(new Journal(`${home}/journal.ndjson`));
  const drill = cutDrill({ runbooks, expect: { runbook: { name: 'mend', within: '30s' } } });
  const run = openRun(
    drill,
    'run',
    home,
    drillDeps({ home, drills: { runbooks_url: service.url } }),
    journal,
    stack,
  );
  const [startsAt, receivedAt] = [Date.parse(at(8)), Date.parse(at(9))];
  run.stopwatch.deliver({ alert: 'Broken', tier: 'A', status: 'firing', startsAt, receivedAt });
  await verdictStage(run);
  expect(lastOf(journal.events, 'runbooks')?.runbooks).toHaveLength(runs.length);
  return run.reasons;
}

test('A runbook that succeeded is what was expected, whatever else was tried.', async () => {
  expect(await reasons([succeeded])).toEqual([]);
  expect(
    await reasons([{ ...succeeded, outcome: 'failed' }, succeeded, { ...waiting, outcome: 'handed-off' }]),
  ).toEqual([]);
  expect(await reasons([{ ...succeeded, outcome: 'failed' }], 'hold')).toEqual([]);
});

test.each<[string, object[], string]>([
  ['did not run', [], 'runbook mend did not run'],
  ['is another one', [{ ...succeeded, runbook: 'another' }], 'runbook mend did not run'],
  [
    'asks first',
    [{ ...waiting, state: 'awaiting-approval', reason: 'no drill has proven it yet' }],
    'runbook mend did not run, it waits for a person: no drill has proven it yet',
  ],
  [
    'waits for its turn',
    [{ ...waiting, state: 'waiting', reason: '' }],
    'runbook mend had not begun when the drill ended',
  ],
  [
    'is at a step that asks',
    [{ ...waiting, startedAt: at(10), state: 'running', reason: '', steps: [atStep] }],
    'runbook mend had not ended when the drill ended: it is at step 2 (approve)',
  ],
  [
    'took back what it had done',
    [{ ...succeeded, outcome: 'compensated', reason: 'step 2 failed' }],
    'runbook mend took back what it had done: step 2 failed',
  ],
  [
    'had nothing to do',
    [{ ...succeeded, outcome: 'not-needed', reason: 'not true: a version is on trial' }],
    'runbook mend ended as not-needed: not true: a version is on trial',
  ],
  [
    'was refused',
    [{ ...succeeded, outcome: 'refused', reason: 'the session is protected' }],
    'runbook mend ended as refused: the session is protected',
  ],
  [
    'was slow',
    [{ ...succeeded, finishedAt: at(40) }],
    'runbook mend took longer than 30 s from the alert to its end',
  ],
  [
    'handed over',
    [{ ...waiting, outcome: 'handed-off', reason: 'cool-down' }],
    'runbook mend ended as handed-off: cool-down',
  ],
])('A runbook that %s is a reason not to pass.', async (_what, runs, reason) => {
  expect(await reasons(runs)).toEqual([reason]);
});
