import { expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { succeeded } from '../testing/fake-step.ts';

/** An engine whose first run holds its target until the gate opens. */
async function busyWorld(
  use: (world: EngineWorld, engine: ReturnType<EngineWorld['engine']>) => Promise<void>,
) {
  using world = new EngineWorld({ target: { label: 'target' } });
  const gate = Promise.withResolvers<void>();
  world.step.act = async () => {
    await gate.promise;
    return succeeded;
  };
  await using engine = world.engine();
  engine.receive([notice({ fingerprint: 'first' })]);
  await until('the first run', () => world.step.calls.length === 1);
  await use(world, engine);
  gate.resolve();
  await world.settled();
}

const until = (what: string, check: () => boolean) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });
const stateOf = (world: EngineWorld, fingerprint: string) =>
  world.runs.find((run) => run.fingerprint === fingerprint)?.state;

test('A run behind a busy target ends as soon as its alert has resolved; the one behind it goes on waiting.', async () => {
  await busyWorld(async (world, engine) => {
    engine.receive([notice({ fingerprint: 'second' }), notice({ fingerprint: 'third' })]);
    await engine.deliver([notice({ fingerprint: 'second', status: 'resolved' })]);
    await until('the end of the second run', () => stateOf(world, 'second') === 'refused');
    expect(stateOf(world, 'third')).toBe('waiting');
    expect(world.step.calls).toHaveLength(1);
  });
});

test('Under the kill switch everything that waits is held, also behind a busy target.', async () => {
  await busyWorld(async (world, engine) => {
    engine.receive(Array.from({ length: 60 }, (_, index) => notice({ fingerprint: `f${index}` })));
    world.store.holds.put({ holder: 'wang', expiresAt: world.clock.now() + 60_000 }, world.clock.now());
    await until('the end of all that waits', () => world.runs.every(({ state }) => state !== 'waiting'));
    expect(world.runs.filter(({ state }) => state === 'held')).toHaveLength(60);
  });
});

test('Whose turn it is: of each set of locks the first, where none of its locks is taken.', () => {
  using world = new EngineWorld();
  const add = (fingerprint: string, locks: string[]) =>
    world.store.addRun(
      {
        ...{ runbook: 'act', runbookHash: '', actor: 'test', alert: null, fingerprint, startsAt: 1 },
        ...{ labels: {}, inputs: {}, target: null, locks, mode: 'auto', trust: '', plan: '', planHash: '' },
        ...{ state: 'waiting', reason: '', onceNeeded: null },
      },
      world.clock.now(),
    );
  add('b1', ['target b']);
  add('b2', ['target b']);
  add('both', ['target b', 'target c']);
  add('c1', ['target c']);
  const next = () => world.store.look.nextInLine().map(({ fingerprint }) => fingerprint);
  expect(next()).toEqual(['b1', 'both', 'c1']);
  const [first] = world.store.look.nextInLine();
  if (first) world.store.claim(first, 'test', world.clock.now() + 60_000, world.clock.now());
  expect(next()).toEqual(['c1']);
  if (first) world.store.finish(first.id, 'test', { outcome: 'refused', reason: '' }, world.clock.now());
  expect(next()).toEqual(['b2', 'both', 'c1']);
  for (const { id } of world.store.look.waitingSince(Number.POSITIVE_INFINITY, 100))
    world.store.finish(id, null, { outcome: 'refused', reason: '' }, world.clock.now());
  expect(next()).toEqual([]);
});
