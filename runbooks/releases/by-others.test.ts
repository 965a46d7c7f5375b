import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pinnedSnapshots } from '../snapshots/pins.ts';
import { snapshotSet } from '../snapshots/set.ts';
import { ReleaseBench, releaseLimit } from '../testing/release-bench.ts';
import { promoteRelease, rollbackRelease } from './by-hand.ts';

let bench: ReleaseBench;
beforeEach(async () => {
  bench = await ReleaseBench.start();
});
afterEach(() => bench[Symbol.asyncDispose]());

describe('A version that goes without us', () => {
  it('because a runbook withdrew it, or it crashed, has its settings taken back.', async () => {
    const { look, world } = await bench.onTrial();
    bench.writeSettings('two');
    await bench.plant.control('DELETE', '/release/candidate?by=runbook');
    expect(await look()).toMatchObject({ state: 'checking', reason: 'it was withdrawn by runbook' });
    expect(bench.settings).toBe('one');
    await bench.start(world, '3.0');
    await bench.version.crash();
    await bench.untilGone();
    expect(await look()).toMatchObject({ state: 'checking', reason: 'its process died' });
  });

  it('because the router was started anew is noticed.', async () => {
    const { look } = await bench.onTrial();
    await using other = await ReleaseBench.start();
    const { control } = other.plant.router;
    const moved = bench.world({}, { targets: other.targets });
    expect(control).not.toBe(bench.plant.router.control);
    const [release] = await bench.watcher(moved).tick(releaseLimit());
    expect(release).toMatchObject({ state: 'checking', reason: expect.stringContaining('started anew') });
    expect(await look()).toMatchObject({ state: 'checking' });
  });

  it('is not taken for gone while the router cannot be asked.', async () => {
    await bench.onTrial();
    const deaf: typeof fetch = () => Promise.reject(new Error('cable in a knot'));
    const [release] = await bench.watcher(bench.world({}, { fetch: deaf })).tick(releaseLimit());
    expect(release).toMatchObject({ state: 'canary', trouble: 'cable in a knot' });
  });

  it('after it was promoted is followed back, settings and all.', async () => {
    const { look, world } = await bench.onTrial();
    await promoteRelease({ actor: 'li' }, world, releaseLimit());
    bench.writeSettings('two');
    expect(await look()).toMatchObject({ state: 'promoted' });
    await bench.plant.control('POST', '/release/rollback', { from: '2.0', by: 'runbook' });
    expect(await look()).toMatchObject({
      state: 'checking',
      reason: expect.stringContaining('taken back by runbook'),
    });
    expect(bench.settings).toBe('one');
  });
});

describe('A person', () => {
  it('rolls back what is on trial, and what was promoted.', async () => {
    const { world } = await bench.onTrial();
    const back = () => rollbackRelease({ actor: 'li' }, world, releaseLimit());
    expect(await back()).toMatchObject({ state: 'checking', reason: 'rolled back by li' });
    await bench.start(world, '3.0');
    await promoteRelease({ actor: 'li' }, world, releaseLimit());
    bench.writeSettings('two');
    expect(await back()).toMatchObject({ state: 'checking' });
    expect(await bench.router()).toMatchObject({ stable: { version: 'stable' }, candidate: null });
    expect(bench.settings).toBe('one');
    expect(existsSync(path.join(bench.folder, 'only-in-two'))).toBe(false);
    await expect(back()).rejects.toMatchObject({ code: 'release.state' });
  });

  it('is told what is wrong with the settings, and can go on afterwards.', async () => {
    const { world, release } = await bench.onTrial();
    bench.writeSettings('two');
    const store = snapshotSet(bench.snapshots, 'config').store;
    const manifest = path.join(store, 'manifests', `${release.snapshots[0]?.id}.json`);
    const good = readFileSync(manifest);
    rmSync(manifest);
    expect(await rollbackRelease({ actor: 'li' }, world, releaseLimit())).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('its settings of "config" stay'),
    });
    expect((await bench.router()).candidate).toBeNull();
    writeFileSync(manifest, good);
    expect(await rollbackRelease({ actor: 'li' }, world, releaseLimit())).toMatchObject({
      state: 'checking',
    });
    expect(bench.settings).toBe('one');
  });

  it('is refused a second release, a version that is stable already, and one beside somebody else’s.', async () => {
    const world = bench.world();
    await expect(bench.start(world, 'stable')).rejects.toMatchObject({ code: 'release.is-stable' });
    await expect(bench.start(world, '../x')).rejects.toMatchObject({ code: 'release.version' });
    await expect(bench.start(world, '2.0', { target: 'mes-releas' })).rejects.toThrow(/"mes-releas"/);
    await expect(bench.start(world, '2.0', { sets: ['confg'] })).rejects.toMatchObject({
      code: 'snapshot.unknown-set',
    });
    await expect(promoteRelease({ actor: 'li' }, world, releaseLimit())).rejects.toMatchObject({
      code: 'release.none',
    });
    const theirs = { version: 'x', holder: 'a-drill', share: 1 };
    await bench.plant.control('PUT', '/release/candidate', theirs);
    await expect(bench.start(world)).rejects.toMatchObject({ code: 'release.held' });
    await bench.plant.control('DELETE', '/release/candidate');
    expect((await bench.start(world)).state).toBe('canary');
    await expect(bench.start(world, '3.0')).rejects.toMatchObject({ code: 'release.active' });
    expect(world.store.list(9)).toHaveLength(1);
  });

  it('keeps the snapshot of the last release, and no earlier one.', async () => {
    const { world, release } = await bench.onTrial();
    const set = snapshotSet(bench.snapshots, 'config');
    await promoteRelease({ actor: 'li' }, world, releaseLimit());
    expect([...pinnedSnapshots(set)]).toEqual([release.snapshots[0]?.id]);
    const second = await bench.start(world, '3.0');
    expect(pinnedSnapshots(set).size).toBe(2);
    await promoteRelease({ actor: 'li' }, world, releaseLimit());
    expect([...pinnedSnapshots(set)]).toEqual([second.snapshots[0]?.id]);
  });
});
