import { expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { storeNotices } from '../intake/intake.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { succeeded, untilStopped } from '../testing/fake-step.ts';
import { executeRun } from './execute-run.ts';

test('What was stored and not carried out before a restart is carried out once after it.', async () => {
  using world = new EngineWorld();
  storeNotices([notice()], world.deps, world.clock.now());
  for (let start = 0; start < 2; start++) {
    await using engine = world.engine();
    engine.receive([notice()]);
    expect(await world.settled()).toMatchObject([{ outcome: 'succeeded' }]);
  }
  expect(world.step.calls).toHaveLength(1);
});

test('A run that was cut off in the middle of a step is handed off after the restart, and never repeated.', async () => {
  using world = new EngineWorld();
  const [run] = storeNotices([notice()], world.deps, world.clock.now());
  const longAgo = world.clock.now() - 60_000;
  const claimed = run && world.store.claim(run, 'a process that was killed', longAgo, longAgo);
  expect(claimed).toMatchObject({ state: 'running' });
  const mine = { runId: run?.id ?? 0, owner: 'a process that was killed' };
  expect(world.store.steps.start(mine, { position: 0, phase: 'do', attempt: 1 }, 'test.act', longAgo)).toBe(
    true,
  );
  await using engine = world.engine();
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([
    {
      outcome: 'handed-off',
      reason: expect.stringContaining('test.act may have taken effect'),
      steps: [{ outcome: 'interrupted' }],
    },
  ]);
  expect(world.step.calls).toEqual([]);
});

test('A run whose owner still renews its lease is left to it.', async () => {
  using world = new EngineWorld();
  const [run] = storeNotices([notice()], world.deps, world.clock.now());
  const now = world.clock.now();
  expect(run && world.store.claim(run, 'another living process', now + 3_600_000, now)).toBeDefined();
  expect(world.store.takeOver('us', now + 5000, now)).toEqual([]);
});

test('Whoever was taken for dead and is not does not act any more.', async () => {
  using world = new EngineWorld();
  const [run] = storeNotices([notice()], world.deps, world.clock.now());
  const longAgo = world.clock.now() - 60_000;
  const claimed = run && world.store.claim(run, 'a process that stood still', longAgo, longAgo);
  const [runbook] = world.runbooks;
  if (!claimed || !runbook) throw new Error('the run was not claimed');
  const now = world.clock.now();
  expect(world.store.takeOver('its heir', now + 60_000, now)).toHaveLength(1);
  const deps = { ...world.deps, owner: 'a process that stood still' };
  await executeRun({ run: claimed, runbook, deps }, new AbortController().signal);
  expect(world.step.calls).toEqual([]);
  expect(world.runs).toMatchObject([{ state: 'running', steps: [] }]);
});

test('Stopping the service stops the step and hands the run off.', async () => {
  using world = new EngineWorld();
  world.step.act = untilStopped;
  {
    await using engine = world.engine();
    engine.receive([notice()]);
    await waitFor(() => world.step.calls.length === 1, { what: 'the step', timeoutMs: 10_000, everyMs: 10 });
  }
  expect(world.runs).toMatchObject([
    { outcome: 'handed-off', reason: expect.stringContaining('service was stopped') },
  ]);
});

test('A step that takes too long is stopped and fails, and so is a runbook.', async () => {
  for (const limits of [{ steps: [{ step: 'test.act', timeout: '20ms' }] }, { timeout: '20ms' }]) {
    using world = new EngineWorld(limits);
    world.step.act = untilStopped;
    await using engine = world.engine();
    engine.receive([notice()]);
    expect(await world.settled()).toMatchObject([
      { outcome: 'failed', reason: expect.stringContaining('took longer than 20ms') },
    ]);
  }
});

test('A step that fails, refuses or throws ends the run: the next step is not begun.', async () => {
  const ends = [
    { outcome: 'failed' as const, act: async () => ({ ...succeeded, outcome: 'failed' as const }) },
    { outcome: 'refused' as const, act: async () => ({ ...succeeded, outcome: 'refused' as const }) },
    { outcome: 'failed' as const, act: () => Promise.reject(new Error('no such thing')) },
  ];
  for (const { outcome, act } of ends) {
    using world = new EngineWorld({ steps: [{ step: 'test.act' }, { step: 'test.act' }] });
    world.step.act = act;
    await using engine = world.engine();
    engine.receive([notice()]);
    expect(await world.settled()).toMatchObject([{ outcome, steps: [{ outcome }] }]);
    expect(world.step.calls).toHaveLength(1);
  }
});

test('In its cool-down a runbook hands over to a person; after it, it acts again.', async () => {
  using world = new EngineWorld({ cool_down: '1h' });
  await using engine = world.engine();
  engine.receive([notice()]);
  await world.settled();
  engine.receive([notice({ fingerprint: 'f2' })]);
  expect((await world.settled())[1]).toMatchObject({
    outcome: 'handed-off',
    reason: expect.stringContaining('cool-down'),
  });
  expect(world.step.calls).toHaveLength(1);
  using eager = new EngineWorld({ cool_down: '0s' });
  await using other = eager.engine();
  other.receive([notice(), notice({ fingerprint: 'f2' })]);
  expect((await eager.settled()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
});

test('After three runs within the hour a person gets the next one; a drill that rehearses it is not kept from its proof.', async () => {
  using world = new EngineWorld();
  await using engine = world.engine();
  for (const fingerprint of ['f1', 'f2', 'f3', 'f4']) {
    engine.receive([notice({ fingerprint })]);
    await world.settled();
  }
  expect(world.runs[3]).toMatchObject({
    outcome: 'handed-off',
    reason: expect.stringContaining('loop breaker: it ran here 3 times'),
  });
  const now = world.clock.now();
  const rehearsal = {
    runbook: 'act',
    holder: 'a drill',
    production: [],
    targets: null,
    expiresAt: now + 3_600_000,
  };
  world.store.proofs.rehearse(rehearsal, now);
  engine.receive([notice({ fingerprint: 'f5' })]);
  expect((await world.settled())[4]).toMatchObject({ outcome: 'succeeded', trust: 'a drill rehearses it' });
  world.store.proofs.endRehearsal('a drill');
  engine.receive([notice({ fingerprint: 'f6' })]);
  expect((await world.settled())[5]).toMatchObject({ outcome: 'handed-off' });
  expect(world.step.calls).toHaveLength(4);
});

test('While held, runs are stored as held, and are not carried out when the hold ends.', async () => {
  using world = new EngineWorld();
  await using engine = world.engine();
  const now = world.clock.now();
  world.store.holds.put({ holder: 'a drill', expiresAt: now + 3_600_000 }, now);
  engine.receive([notice()]);
  world.store.holds.release('a drill');
  engine.receive([notice(), notice({ fingerprint: 'f2' })]);
  expect(await world.settled()).toMatchObject([
    { outcome: 'held', reason: 'held by a drill', startedAt: null },
    { outcome: 'succeeded' },
  ]);
  expect(world.step.calls).toHaveLength(1);
});

test('A hold ends by itself, and one holder does not free what another holds.', () => {
  using world = new EngineWorld();
  const { holds } = world.store;
  expect(holds.put({ holder: 'drill', expiresAt: 2000 }, 1000)).toBe(true);
  expect(holds.put({ holder: 'drill', expiresAt: 3000 }, 1500)).toBe(false);
  expect(holds.put({ holder: 'person', expiresAt: 2500 }, 1500)).toBe(true);
  expect(holds.current(2900)).toMatchObject({ holder: 'drill' });
  expect(holds.release('drill')).toBe(1);
  expect(holds.current(2400)).toMatchObject({ holder: 'person' });
  expect(holds.current(2500)).toBeUndefined();
});

test('A suggestion hands the plan to a person and does nothing.', async () => {
  using world = new EngineWorld({ mode: 'suggest' });
  await using engine = world.engine();
  engine.receive([notice()]);
  const [run] = await world.settled();
  expect(run).toMatchObject({ outcome: 'handed-off', reason: expect.stringContaining('1. test.act') });
  expect(world.step.calls).toEqual([]);
});

test('An alert that waited ten minutes for a service that was down is handed to a person.', async () => {
  using world = new EngineWorld();
  storeNotices([notice()], world.deps, world.clock.now() - 11 * 60_000);
  await using _engine = world.engine();
  expect(await world.settled()).toMatchObject([{ outcome: 'handed-off', startedAt: null }]);
});
