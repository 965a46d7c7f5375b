import { truncateSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNdjson } from '../../kit/ndjson.ts';
import { waitFor } from '../../kit/wait.ts';
import { verifyAudit } from '../audit/audit.ts';
import type { AlertNotice } from '../intake/alert-notice.ts';
import { storeNotices } from '../intake/intake.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { succeeded } from '../testing/fake-step.ts';

test('An alert starts its runbook, and the run says what happened when.', async () => {
  using world = new EngineWorld();
  await using engine = world.engine();
  engine.receive([notice()]);
  const [run] = await world.settled();
  expect(run).toMatchObject({
    runbook: 'act',
    actor: 'alertmanager',
    alert: 'MesDatabaseBlocked',
    target: 'mes-db',
    fingerprint: 'f1',
    startsAt: '2026-01-31T08:00:00.000Z',
    outcome: 'succeeded',
    reason: 'done',
    steps: [{ step: 'test.act', outcome: 'succeeded', summary: 'done' }],
  });
  expect(world.step.calls).toEqual([{ target: 'mes-db' }]);
});

test.for([
  ['another alert', { labels: { alertname: 'MesDown' } }],
  ['another tier', { labels: { tier: 'B' } }],
  ['a label that the trigger does not want', { labels: { line: 'L2' } }],
  ['a notice that it is over', { status: 'resolved' as const }],
])('%s starts nothing.', ([, changes]) => {
  using world = new EngineWorld({
    triggers: [{ alert: 'MesDatabaseBlocked', tier: 'A', labels: { line: 'L1' } }],
  });
  const label = { labels: { line: 'L1' } };
  const other = changes as Partial<AlertNotice>;
  const received = notice({ ...label, ...other, labels: { ...label.labels, ...other.labels } });
  expect(storeNotices([received], world.deps, 0)).toEqual([]);
});

test('However often and in whatever order its notices come, an alert instance gets exactly one run.', async () => {
  const deliveries = fc.array(
    fc.record({
      fingerprint: fc.constantFrom('f1', 'f2', 'f3'),
      startsAt: fc.constantFrom(1000, 2000),
      status: fc.constantFrom('firing' as const, 'resolved' as const),
    }),
    { maxLength: 30 },
  );
  using world = new EngineWorld();
  let instance = 0;
  fc.assert(
    fc.property(deliveries, (notices) => {
      instance++;
      const distinct = notices.map((one) =>
        notice({ ...one, fingerprint: `${instance}-${one.fingerprint}` }),
      );
      const runs = distinct.flatMap((one) => storeNotices([one], world.deps, 0));
      const fired = new Set(
        distinct.filter(({ status }) => status === 'firing').map((one) => one.fingerprint + one.startsAt),
      );
      expect(runs.map((one) => one.fingerprint + one.startsAt).toSorted()).toEqual([...fired].toSorted());
    }),
    { numRuns: 30 },
  );
});

test('An alert that had resolved before its firing notice came gets its one run, which acts on nothing.', async () => {
  using world = new EngineWorld();
  await using engine = world.engine();
  engine.receive([notice({ status: 'resolved' })]);
  engine.receive([notice()]);
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([{ outcome: 'refused', startedAt: null }]);
  expect(world.step.calls).toEqual([]);
});

test('Runs on one target take turns, while another target has its own.', async () => {
  using world = new EngineWorld({ target: { label: 'target' } });
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const order: string[] = [];
  world.step.act = async (_signal, { target }) => {
    order.push(target?.name ?? '');
    await gates[order.length === 1 ? 0 : 1]?.promise;
    return succeeded;
  };
  await using engine = world.engine();
  engine.receive([
    notice(),
    notice({ fingerprint: 'f2' }),
    notice({ fingerprint: 'f3', labels: { target: 'erp-db' } }),
  ]);
  await waitFor(() => order.length === 2, { what: 'two runs', timeoutMs: 10_000, everyMs: 10 });
  expect(order).toEqual(['mes-db', 'erp-db']);
  expect(world.runs.map(({ startedAt }) => startedAt !== null)).toEqual([true, false, true]);
  gates[1]?.resolve();
  gates[0]?.resolve();
  const runs = await world.settled();
  expect(order).toEqual(['mes-db', 'erp-db', 'mes-db']);
  expect(runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(runs[1]?.startedAt?.localeCompare(runs[0]?.finishedAt ?? '')).toBeGreaterThanOrEqual(0);
});

test('A run that is still waiting when its alert resolves is not carried out.', async () => {
  using world = new EngineWorld();
  const gate = Promise.withResolvers<void>();
  world.step.act = async () => {
    await gate.promise;
    return succeeded;
  };
  await using engine = world.engine();
  engine.receive([notice(), notice({ fingerprint: 'f2' })]);
  await waitFor(() => world.step.calls.length === 1, {
    what: 'the first run',
    timeoutMs: 10_000,
    everyMs: 10,
  });
  engine.receive([notice({ fingerprint: 'f2', status: 'resolved' })]);
  gate.resolve();
  expect((await world.settled()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'refused']);
});

test.for([
  `mes-db'; DROP TABLE work_orders; --`,
  '<script>alert(1)</script>',
  '$(reboot)',
  'constructor',
  '__proto__',
  '',
])('A label that says %j chooses no target: the run is refused.', async (value) => {
  using world = new EngineWorld({ target: { label: 'target' } });
  await using engine = world.engine();
  engine.receive([notice({ labels: { target: value } })]);
  expect(await world.settled()).toMatchObject([{ outcome: 'refused', target: null }]);
  expect(world.step.calls).toEqual([]);
});

test('Whatever was done is in the audit log, whose chain holds.', async () => {
  using world = new EngineWorld();
  await using engine = world.engine();
  engine.receive([notice()]);
  await world.settled();
  const events = readNdjson(world.audit.file) as { event: string }[];
  expect(events.map(({ event }) => event)).toEqual([
    'run.stored',
    'run.started',
    'step.started',
    'step.finished',
    'run.finished',
  ]);
  expect(verifyAudit(world.audit.file)).toMatchObject({ ok: true, entries: 5 });
});

test('What cannot be put into the audit log is not done.', async () => {
  using world = new EngineWorld();
  storeNotices([notice()], world.deps, world.clock.now());
  world.audit.append('test', {});
  truncateSync(world.audit.file, 3);
  await using _engine = world.engine();
  expect(await world.settled()).toMatchObject([
    { outcome: 'handed-off', reason: expect.stringContaining('the audit log') },
  ]);
  expect(world.step.calls).toEqual([]);
});
