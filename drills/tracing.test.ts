import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { spansOf } from '../kit/testing/otlp-receiver.ts';
import { Journal } from './journal.ts';
import { openRun } from './open-run.ts';
import { startLinks } from './proxy/link-server.ts';
import { stage } from './run.ts';
import { runDrill } from './runner.ts';
import { faultStage } from './stages/fault.ts';
import { cutDrill, drillDeps, nowhere } from './testing/drill-deps.ts';
import { tempFolder } from './testing/temp-folder.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const shortCut = cutDrill();
const depsOf = (control: string, home: string) =>
  drillDeps({ home, targets: { 'mes-db-link': { kind: 'link', control, link: 'db', drillable: true } } });

test('A run is a span with its id and verdict, and its stages are children: also of a run that could not begin.', async () => {
  const home = tempFolder();
  const spans = await spansOf(() => runDrill(shortCut, 'run-1', home, depsOf(nowhere, home)));
  const [drill, preflight] = ['drill short-cut', 'drill stage preflight'].map((name) =>
    spans.find((span) => span.name === name),
  );
  expect(drill).toMatchObject({
    parentSpanId: '',
    error: 'not-run',
    attributes: {
      'andon.run': 'run-1',
      'andon.drill': 'short-cut',
      'andon.cause': 'network',
      'andon.verdict': 'not-run',
    },
  });
  expect(preflight).toMatchObject({
    traceId: drill?.traceId,
    parentSpanId: drill?.spanId,
    error: expect.stringContaining('target mes-db-link does not answer'),
    attributes: { 'andon.run': 'run-1', 'andon.stage': 'preflight' },
  });
});

test('A fault is a span from its injection until it is out, inside its stage.', async () => {
  const home = tempFolder();
  const links = {
    listen: anyPort,
    links: [{ name: 'db', listen: anyPort, upstream: { ...anyPort, port: 9 } }],
  };
  await using proxy = await startLinks(links, { log: silentLog, clock: systemClock });
  using journal = new Journal(path.join(home, 'journal.ndjson'), () => {});
  await using stack = new AsyncDisposableStack();
  const run = openRun(shortCut, 'run-2', home, depsOf(proxy.url, home), journal, stack);
  const spans = await spansOf(() => stage(run, 'fault', 50, () => faultStage(run)));
  const [within, fault] = ['drill stage fault', 'drill fault network.cut'].map((name) =>
    spans.find((span) => span.name === name),
  );
  expect(fault).toMatchObject({
    traceId: within?.traceId,
    parentSpanId: within?.spanId,
    error: undefined,
    attributes: {
      'andon.run': 'run-2',
      'andon.fault': 'network.cut',
      'andon.target': 'mes-db-link',
      'andon.step': 1,
      'andon.lifted_by': 'time',
      'andon.touched': 0,
    },
  });
});

test('A fault that cannot be put in is a span that failed.', async () => {
  const home = tempFolder();
  using journal = new Journal(path.join(home, 'journal.ndjson'), () => {});
  await using stack = new AsyncDisposableStack();
  const run = openRun(shortCut, 'run-3', home, depsOf(nowhere, home), journal, stack);
  const spans = await spansOf(() => expect(stage(run, 'fault', 50, () => faultStage(run))).rejects.toThrow());
  expect(spans.find(({ name }) => name === 'drill fault network.cut')?.error).toEqual(expect.any(String));
});
