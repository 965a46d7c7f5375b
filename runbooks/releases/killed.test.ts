import { expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { ReleaseBench, releaseLimit } from '../testing/release-bench.ts';
import { promoteRelease, rollbackRelease, startRelease } from './by-hand.ts';
import type { ReleaseStateName } from './release.ts';
import type { ReleaseWorld } from './release-world.ts';

/**
 * A world that dies before or after its n-th deed (a question to the router, or a line in the store): from then on nothing in it
 * works, as in a process that is gone.
 */
function doomed(bench: ReleaseBench, deed: number, when: 'before' | 'after') {
  const world = bench.world();
  const { store } = world;
  let [deeds, isDead] = [0, false];
  const dying = <T>(work: () => T): T => {
    if (isDead) throw new Error('dead');
    isDead = deeds++ === deed;
    if (isDead && when === 'before') throw new Error('died before');
    const result = work();
    if (!isDead) return result;
    if (!(result instanceof Promise)) throw new Error('died after');
    return result.then(() => Promise.reject(new Error('died after'))) as T;
  };
  const writes = ['add', 'save'];
  const dyingStore = new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const call = (...given: unknown[]) => Reflect.apply(value, target, given) as unknown;
      if (writes.includes(String(key))) return (...given: unknown[]) => dying(() => call(...given));
      return (...given: unknown[]) => {
        if (isDead) throw new Error('dead');
        return call(...given);
      };
    },
  });
  const changes = { store: dyingStore, fetch: ((...given) => dying(() => fetch(...given))) as typeof fetch };
  return { world: { ...world, ...changes }, died: () => isDead };
}

/** Whoever comes next goes on, until the release is where it should be. */
const goesOn = (bench: ReleaseBench, state: ReleaseStateName) => {
  const watcher = bench.watcher(bench.world());
  const there = async () => (await watcher.tick(releaseLimit())).at(-1)?.state === state;
  return waitFor(there, { what: state, timeoutMs: 20_000, everyMs: 10 });
};

type Act = (world: ReleaseWorld) => Promise<unknown>;

/** Kills what `act` does at each of its deeds; how often that was. */
async function killEverywhere(
  prepare: (bench: ReleaseBench) => Promise<unknown>,
  act: Act,
  check: (bench: ReleaseBench) => Promise<void>,
): Promise<number> {
  let kills = 0;
  for (const when of ['before', 'after'] as const)
    for (let deed = 0; ; deed++) {
      await using bench = await ReleaseBench.start();
      await prepare(bench);
      const { world, died } = doomed(bench, deed, when);
      await act(world).catch(() => {});
      if (!died()) break;
      kills++;
      await check(bench);
    }
  return kills;
}

const wish = { version: '2.0', actor: 'li', share: 1 };
const onTrial = async (bench: ReleaseBench) => {
  await startRelease(wish, bench.world(), releaseLimit());
  bench.writeSettings('two');
};

test('Killed at any deed of a start, the version is on trial once, or it is as if nobody had asked.', async () => {
  let nothing = 0;
  const kills = await killEverywhere(
    async () => {},
    (world) => startRelease(wish, world, releaseLimit()),
    async (bench) => {
      if (bench.world().store.newest('mes-release') === undefined) {
        nothing++;
        expect((await bench.router()).candidate).toBeNull();
        return;
      }
      await goesOn(bench, 'canary');
      expect(bench.plant.started).toHaveLength(1);
      expect((await bench.router()).candidate).toMatchObject({ version: '2.0' });
    },
  );
  expect(kills).toBeGreaterThan(8);
  expect(nothing).toBeGreaterThan(0);
  expect(nothing).toBeLessThan(kills);
}, 120_000);

test('Killed at any deed of a promotion, it is promoted once.', async () => {
  const kills = await killEverywhere(
    onTrial,
    (world) => promoteRelease({ actor: 'li' }, world, releaseLimit()),
    async (bench) => {
      const { store } = bench.world();
      if (store.newest('mes-release')?.state === 'canary') return;
      await goesOn(bench, 'promoted');
      expect(await bench.router()).toMatchObject({ stable: { version: '2.0' }, candidate: null });
      expect(bench.plant.started).toHaveLength(1);
      expect(bench.settings).toBe('two');
    },
  );
  expect(kills).toBeGreaterThan(4);
}, 120_000);

test.each(['canary', 'promoted'])(
  'Killed at any deed of a rollback from %s, nobody gets the version and its settings are gone.',
  async (from) => {
    const kills = await killEverywhere(
      async (bench) => {
        await onTrial(bench);
        if (from === 'promoted') await promoteRelease({ actor: 'li' }, bench.world(), releaseLimit());
      },
      (world) => rollbackRelease({ actor: 'li' }, world, releaseLimit()),
      async (bench) => {
        const { store } = bench.world();
        if (store.newest('mes-release')?.state === from) return;
        await goesOn(bench, 'checking');
        expect(await bench.router()).toMatchObject({
          stable: { version: 'stable' },
          candidate: null,
          leaving: [],
        });
        expect(bench.settings).toBe('one');
      },
    );
    expect(kills).toBeGreaterThan(8);
  },
  120_000,
);

test('What happened is told at least once, whoever dies in between, and not again afterwards.', async () => {
  await using bench = await ReleaseBench.start();
  await onTrial(bench);
  const { store } = bench.world();
  const told: string[] = [];
  const dies = (event: string) => {
    told.push(event);
    if (told.length === 2) throw new Error('died');
  };
  expect(() => store.tell(dies)).toThrow('died');
  store.tell(dies);
  store.tell(dies);
  expect(told).toEqual(['release.snapshot', 'release.canary', 'release.canary']);
});

test('While one process works on releases, the others leave them alone.', async () => {
  await using bench = await ReleaseBench.start();
  await onTrial(bench);
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: typeof fetch = async (...given) => {
    await promise;
    return fetch(...given);
  };
  const first = bench.watcher(bench.world({}, { fetch: slow })).tick(releaseLimit());
  expect(await bench.watcher(bench.world()).tick(releaseLimit())).toEqual([]);
  resolve();
  expect(await first).toHaveLength(1);
  expect(await bench.watcher(bench.world()).tick(releaseLimit())).toHaveLength(1);
});
