import { expect, test } from 'vitest';
import { readNdjson } from '../../kit/ndjson.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';

const day = 24 * 3_600_000;

/** What becomes of an alert, as far as it is decided at once. */
async function decided(world: EngineWorld, fingerprint = 'f1') {
  await using engine = world.engine();
  const [run] = engine.receive([notice({ fingerprint })]);
  return { state: run?.state, mode: run?.mode, trust: run?.trust };
}

test('A runbook whose last drill passed acts by itself.', async () => {
  using world = new EngineWorld();
  expect(await decided(world)).toEqual({
    ...{
      state: 'waiting',
      mode: 'auto',
      trust: expect.stringMatching(/its last drill, a-drill at .* passed/),
    },
  });
});

test.for<[string, (world: EngineWorld) => void, RegExp]>([
  [
    'was never drilled',
    (world) => world.runbooks.splice(0, 1, unproven(world)),
    /no drill has proven it yet/,
  ],
  ['failed its last drill', (world) => world.prove(first(world), false), /a-drill at .*, did not pass/],
  [
    'was drilled too long ago',
    (world) => {
      world.runbooks = [{ ...first(world), id: 'old' }];
      world.prove(first(world), true, world.clock.now() - 36 * day);
    },
    /older than 35d/,
  ],
  [
    'was changed since its drill',
    (world) => {
      world.runbooks = [{ ...first(world), title: 'Changed' }];
    },
    /ran another text of it: it was changed since/,
  ],
])('A runbook that %s asks a person, and says why.', async ([, change, reason]) => {
  using world = new EngineWorld();
  change(world);
  expect(await decided(world)).toEqual({
    ...{ state: 'awaiting-approval', mode: 'approve', trust: expect.stringMatching(reason) },
  });
  expect(world.step.calls).toEqual([]);
  expect(world.store.approvals.get(1, 0)).toMatchObject({ decision: null, requester: 'alertmanager' });
  expect(world.store.messages.due(world.clock.now())).toMatchObject([{ attempts: 0 }]);
});

const first = ({ runbooks }: EngineWorld) => {
  const [runbook] = runbooks;
  if (!runbook) throw new Error('the world has no runbook');
  return runbook;
};
const unproven = (world: EngineWorld) => ({ ...first(world), id: 'never-drilled' });

test('A drill that passes after one that failed makes it trusted again.', async () => {
  using world = new EngineWorld();
  world.prove(first(world), false);
  expect(await decided(world)).toMatchObject({ state: 'awaiting-approval' });
  world.prove(first(world), true);
  expect(await decided(world, 'f2')).toMatchObject({ state: 'waiting' });
});

test('While a drill rehearses it, and no longer, a runbook acts that may not act by itself: that is how it is proven.', async () => {
  using world = new EngineWorld();
  world.runbooks = [unproven(world)];
  const now = world.clock.now();
  const rehearsal = {
    runbook: 'never-drilled',
    holder: 'db-lock-1',
    production: [],
    targets: null,
    expiresAt: now + 60_000,
  };
  world.store.proofs.rehearse(rehearsal, now);
  expect(await decided(world)).toEqual({ state: 'waiting', mode: 'auto', trust: 'db-lock-1 rehearses it' });
  world.store.proofs.endRehearsal('db-lock-1');
  expect(await decided(world, 'f2')).toMatchObject({ state: 'awaiting-approval' });
  world.store.proofs.rehearse({ ...rehearsal, expiresAt: now - 1 }, now);
  expect(await decided(world, 'f3')).toMatchObject({ state: 'awaiting-approval' });
});

test('A drill that follows another one is not kept from its proof by the cool-down; within one it binds.', async () => {
  using world = new EngineWorld({ cool_down: '1h' });
  const now = world.clock.now();
  const rehearsal = {
    runbook: 'act',
    holder: 'first',
    production: [],
    targets: null,
    expiresAt: now + 60_000,
  };
  await using engine = world.engine();
  world.store.proofs.rehearse(rehearsal, now);
  engine.receive([notice()]);
  await world.settled();
  engine.receive([notice({ fingerprint: 'f2' })]);
  await world.settled();
  world.store.proofs.endRehearsal('first');
  const later = world.clock.now() + 1;
  await waitFor(() => world.clock.now() > later, { what: 'the next moment', timeoutMs: 10_000, everyMs: 1 });
  world.store.proofs.rehearse({ ...rehearsal, holder: 'second' }, world.clock.now());
  // Renewed, it is still the same rehearsal.
  world.store.proofs.rehearse({ ...rehearsal, holder: 'second' }, world.clock.now() + 1000);
  engine.receive([notice({ fingerprint: 'f3' })]);
  expect((await world.settled()).map(({ outcome }) => outcome)).toEqual([
    ...['succeeded', 'handed-off', 'succeeded'],
  ]);
});

test.for<[string, string[] | null, unknown, string]>([
  ['the target that the drill is about', ['mes-db'], { label: 'target' }, 'waiting'],
  ["another line's target", ['erp-db'], { label: 'target' }, 'awaiting-approval'],
  ['any target, for an older drill that names none,', null, { label: 'target' }, 'waiting'],
  ['the target that its file names, whatever the faults touch,', ['mes-process'], 'mes-db', 'waiting'],
])('On %s a runbook that is rehearsed for %j is %3$s.', async ([, targets, target, state]) => {
  using world = new EngineWorld();
  world.runbooks = [{ ...world.runbook({ target }), id: 'never-drilled' }];
  const now = world.clock.now();
  const lease = { runbook: 'never-drilled', production: [], expiresAt: now + 60_000 };
  world.store.proofs.rehearse({ ...lease, holder: 'db-lock-1', targets }, now);
  const found = await decided(world);
  expect(found).toMatchObject({ state });
  if (state === 'waiting') return;
  expect(found.trust).toContain(
    'no drill has proven it yet; the rehearsal of db-lock-1 does not cover this target',
  );
  // Another drill may rehearse it there at the same time.
  world.store.proofs.rehearse({ ...lease, holder: 'db-lock-2', targets: ['mes-db'] }, now);
  expect(await decided(world, 'f2')).toMatchObject({ state: 'waiting', trust: 'db-lock-2 rehearses it' });
});

test.for([
  [[], 'awaiting-approval'],
  [['erp-db'], 'awaiting-approval'],
  [['mes-db'], 'waiting'],
] as const)(
  'A rehearsal for which %j was confirmed leaves a run on production mes-db %s.',
  async ([production, state]) => {
    using world = new EngineWorld();
    world.runbooks = [unproven(world)];
    world.targets = targetsSchema.parse({
      'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:1/mes', production: true },
    });
    const now = world.clock.now();
    const rehearsal = {
      runbook: 'never-drilled',
      holder: 'drill',
      production: [...production],
      targets: null,
      expiresAt: now + 60_000,
    };
    world.store.proofs.rehearse(rehearsal, now);
    expect(await decided(world)).toMatchObject({ state });
  },
);

test.for([
  ['A', true, 'waiting'],
  ['B', true, 'awaiting-approval'],
  ['C', true, 'handed-off'],
  ['A', false, 'handed-off'],
] as const)('An alert of tier %s while a shift works (%s) is %s.', async ([tier, inShift, state]) => {
  const mode = { A: 'auto', B: 'approve', off_shift: 'suggest', default: 'suggest' };
  using world = new EngineWorld({ mode, triggers: [{ alert: 'MesDatabaseBlocked' }] });
  world.inShift = inShift;
  await using engine = world.engine();
  const [run] = engine.receive([notice({ labels: { tier } })]);
  expect(run?.state).toBe(state);
});

test('The audit log says why each run may act.', async () => {
  using world = new EngineWorld();
  await decided(world);
  const [stored] = readNdjson(world.audit.file) as { data: Record<string, unknown> }[];
  expect(stored?.data).toMatchObject({ mode: 'auto', trust: expect.stringContaining('a-drill') });
});

test('After so many runs within its time the loop breaker gives the next one to a person.', async () => {
  using world = new EngineWorld({ loop_breaker: { runs: 2, within: '1h' } });
  await using engine = world.engine();
  for (const fingerprint of ['f1', 'f2', 'f3']) {
    engine.receive([notice({ fingerprint })]);
    await world.settled();
  }
  expect(world.runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'handed-off']);
  expect(world.runs[2]?.reason).toMatch(/loop breaker: it ran here 2 times within 1h already/);
  expect(world.step.calls).toHaveLength(2);
});
