import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pinnedSnapshots } from '../snapshots/pins.ts';
import { snapshotSet } from '../snapshots/set.ts';
import { ReleaseBench } from '../testing/release-bench.ts';
import { promoteRelease, rollbackRelease, startRelease } from './by-hand.ts';
import type { ReleaseWorld } from './release-world.ts';

let bench: ReleaseBench;
beforeEach(async () => {
  bench = await ReleaseBench.start();
});
afterEach(() => bench[Symbol.asyncDispose]());

const limit = () => AbortSignal.timeout(30_000);
const start = (world: ReleaseWorld, version = '2.0', more: object = {}) =>
  startRelease({ version, actor: 'li', share: 0.5, ...more }, world, limit());
const setting = () => readFileSync(path.join(bench.folder, 'setting-1.yaml'), 'utf8').trim();

/** A version that is on trial, with what watches it. */
async function onTrial(config: object = {}, version = '2.0') {
  const world = bench.world(config);
  const release = await start(world, version);
  expect(release).toMatchObject({ state: 'canary', trouble: null });
  const watcher = bench.watcher(world);
  const look = async () => (await watcher.tick(limit())).at(-1) ?? world.store.newest('mes-release');
  return { world, release, look };
}

describe('A version that goes without us', () => {
  it('because a runbook withdrew it, or it crashed, has its settings taken back.', async () => {
    const { look, world } = await onTrial();
    bench.writeSettings('two');
    await bench.plant.control('DELETE', '/release/candidate?by=runbook');
    expect(await look()).toMatchObject({ state: 'checking', reason: 'it was withdrawn by runbook' });
    expect(setting()).toBe('one');
    await start(world, '3.0');
    await bench.version.crash();
    await bench.untilGone();
    expect(await look()).toMatchObject({ state: 'checking', reason: 'its process died' });
  });

  it('because the router was started anew is noticed.', async () => {
    const { look } = await onTrial();
    await using other = await ReleaseBench.start();
    const { control } = other.plant.router;
    const moved = bench.world({}, { targets: other.targets });
    expect(control).not.toBe(bench.plant.router.control);
    const [release] = await bench.watcher(moved).tick(limit());
    expect(release).toMatchObject({ state: 'checking', reason: expect.stringContaining('started anew') });
    expect(await look()).toMatchObject({ state: 'checking' });
  });

  it('is not taken for gone while the router cannot be asked.', async () => {
    await onTrial();
    const deaf: typeof fetch = () => Promise.reject(new Error('cable in a knot'));
    const [release] = await bench.watcher(bench.world({}, { fetch: deaf })).tick(limit());
    expect(release).toMatchObject({ state: 'canary', trouble: 'cable in a knot' });
  });

  it('after it was promoted is followed back, settings and all.', async () => {
    const { look, world } = await onTrial();
    await promoteRelease({ actor: 'li' }, world, limit());
    bench.writeSettings('two');
    expect(await look()).toMatchObject({ state: 'promoted' });
    await bench.plant.control('POST', '/release/rollback', { from: '2.0', by: 'runbook' });
    expect(await look()).toMatchObject({
      state: 'checking',
      reason: expect.stringContaining('taken back by runbook'),
    });
    expect(setting()).toBe('one');
  });
});

describe('A person', () => {
  it('rolls back what is on trial, and what was promoted.', async () => {
    const { world } = await onTrial();
    const back = () => rollbackRelease({ actor: 'li' }, world, limit());
    expect(await back()).toMatchObject({ state: 'checking', reason: 'rolled back by li' });
    await start(world, '3.0');
    await promoteRelease({ actor: 'li' }, world, limit());
    bench.writeSettings('two');
    expect(await back()).toMatchObject({ state: 'checking' });
    expect(await bench.router()).toMatchObject({ stable: { version: 'stable' }, candidate: null });
    expect(setting()).toBe('one');
    expect(existsSync(path.join(bench.folder, 'only-in-two'))).toBe(false);
    await expect(back()).rejects.toMatchObject({ code: 'release.state' });
  });

  it('is told what is wrong with the settings, and can go on afterwards.', async () => {
    const { world, release } = await onTrial();
    bench.writeSettings('two');
    const store = snapshotSet(bench.snapshots, 'config').store;
    const manifest = path.join(store, 'manifests', `${release.snapshots[0]?.id}.json`);
    const good = readFileSync(manifest);
    rmSync(manifest);
    expect(await rollbackRelease({ actor: 'li' }, world, limit())).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('its settings of "config" stay'),
    });
    expect((await bench.router()).candidate).toBeNull();
    writeFileSync(manifest, good);
    expect(await rollbackRelease({ actor: 'li' }, world, limit())).toMatchObject({ state: 'checking' });
    expect(setting()).toBe('one');
  });

  it('is refused a second release, a version that is stable already, and one beside somebody else’s.', async () => {
    const world = bench.world();
    await expect(start(world, 'stable')).rejects.toMatchObject({ code: 'release.is-stable' });
    await expect(start(world, '../x')).rejects.toMatchObject({ code: 'release.version' });
    await expect(start(world, '2.0', { target: 'mes-releas' })).rejects.toThrow(/"mes-releas"/);
    await expect(start(world, '2.0', { sets: ['confg'] })).rejects.toMatchObject({
      code: 'snapshot.unknown-set',
    });
    await expect(promoteRelease({ actor: 'li' }, world, limit())).rejects.toMatchObject({
      code: 'release.none',
    });
    const theirs = { version: 'x', holder: 'a-drill', share: 1 };
    await bench.plant.control('PUT', '/release/candidate', theirs);
    await expect(start(world)).rejects.toMatchObject({ code: 'release.held' });
    await bench.plant.control('DELETE', '/release/candidate');
    expect((await start(world)).state).toBe('canary');
    await expect(start(world, '3.0')).rejects.toMatchObject({ code: 'release.active' });
    expect(world.store.list(9)).toHaveLength(1);
  });

  it('keeps the snapshot of the last release, and no earlier one.', async () => {
    const { world, release } = await onTrial();
    const set = snapshotSet(bench.snapshots, 'config');
    await promoteRelease({ actor: 'li' }, world, limit());
    expect([...pinnedSnapshots(set)]).toEqual([release.snapshots[0]?.id]);
    const second = await start(world, '3.0');
    expect(pinnedSnapshots(set).size).toBe(2);
    await promoteRelease({ actor: 'li' }, world, limit());
    expect([...pinnedSnapshots(set)]).toEqual([second.snapshots[0]?.id]);
  });
});
