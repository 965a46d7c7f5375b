import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listSnapshots } from '../snapshots/catalog.ts';
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

const hour = 3_600_000;
const limit = () => AbortSignal.timeout(30_000);
const start = (world: ReleaseWorld, version = '2.0', more: object = {}) =>
  startRelease({ version, actor: 'li', share: 0.5, ...more }, world, limit());
const names = () => bench.events.map(({ event }) => event);
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

describe('A release', () => {
  it('begins with a snapshot and a share of the callers, and is watched from then on.', async () => {
    const { look, release } = await onTrial();
    expect(listSnapshots(snapshotSet(bench.snapshots, 'config')).snapshots).toMatchObject([
      { id: release.snapshots[0]?.id, note: 'before release 2.0' },
    ]);
    expect((await bench.router()).candidate).toMatchObject({
      version: '2.0',
      share: 0.5,
      holder: release.holder,
    });
    expect(await look()).toMatchObject({ state: 'canary', seen: '0 of 40 requests' });
    expect(names()).toEqual(['release.snapshot', 'release.canary']);
    expect(bench.events[1]?.data).toMatchObject({
      version: '2.0',
      target: 'mes-release',
      actor: 'li',
      share: 0.5,
    });
  });

  it('without a snapshot does not begin.', async () => {
    rmSync(bench.folder, { recursive: true });
    const world = bench.world();
    expect(await start(world)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('snapshot'),
    });
    expect((await bench.router()).candidate).toBeNull();
    expect(bench.plant.started).toEqual([]);
    bench.writeSettings('one');
    expect((await start(world)).state).toBe('canary');
  });

  it('that does well is given to everybody when its time is over, by itself.', async () => {
    const { look } = await onTrial();
    await bench.ask('candidate', 40);
    await bench.ask('stable', 40);
    expect(await look()).toMatchObject({ state: 'canary' });
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({
      state: 'promoted',
      seen: expect.stringContaining('failed 0 of 40'),
    });
    expect(await bench.router()).toMatchObject({ stable: { version: '2.0' }, candidate: null });
    expect(names()).toEqual(['release.snapshot', 'release.canary', 'release.promoted']);
  });

  it('with too few requests waits, then asks a person once, and goes on as soon as there are enough.', async () => {
    const { look } = await onTrial();
    await bench.ask('candidate', 39);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({
      state: 'canary',
      reason: 'the trial goes on: 39 of 40 requests',
    });
    bench.putForward(72 * hour);
    expect(await look()).toMatchObject({ state: 'awaiting' });
    expect(await look()).toMatchObject({ state: 'awaiting' });
    expect(names().filter((name) => name === 'release.needs_person')).toHaveLength(1);
    await bench.ask('candidate', 1);
    expect(await look()).toMatchObject({ state: 'promoted' });
  });

  it('that is to be promoted by hand waits for a person.', async () => {
    const { look, world } = await onTrial({ promote: 'by-hand' });
    await bench.ask('candidate', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'awaiting' });
    const wish = { actor: 'wang' };
    expect(await promoteRelease(wish, world, limit())).toMatchObject({
      state: 'promoted',
      reason: 'promoted by wang',
    });
    expect((await bench.router()).stable.version).toBe('2.0');
  });
});

describe('A version that is worse', () => {
  it('is withdrawn by itself after 20 requests, its settings are as before, and the stable one is looked at.', async () => {
    const { look } = await onTrial();
    bench.writeSettings('two');
    bench.version.answer = 500;
    await bench.ask('stable', 40);
    await bench.ask('candidate', 19);
    expect(await look()).toMatchObject({ state: 'canary' });
    await bench.ask('candidate', 1);
    expect(await look()).toMatchObject({
      state: 'checking',
      reason: expect.stringContaining('failed 20 of 20'),
    });
    expect(await bench.router()).toMatchObject({
      stable: { version: 'stable' },
      candidate: null,
      leaving: [],
      lastCandidate: { by: 'release', operation: 'release-1' },
    });
    expect(setting()).toBe('one');
    expect(bench.events.at(-1)).toMatchObject({
      event: 'release.rolled_back',
      data: { stable: 'stable', settings: [{ set: 'config', switched: true }] },
    });
    await bench.ask('stable', 20);
    bench.putForward(61_000);
    expect(await look()).toMatchObject({
      state: 'rolled-back',
      aftermath: 'stable does well: it failed 0 of 20 requests since',
    });
  });

  it('was not the reason where the stable one fails as well afterwards, and a person is told.', async () => {
    const { look } = await onTrial();
    bench.version.answer = 500;
    await bench.ask('stable', 40);
    await bench.ask('candidate', 20);
    await look();
    bench.plant.stable.answer = 500;
    await bench.ask('stable', 20);
    expect(await look()).toMatchObject({
      state: 'rolled-back',
      aftermath: expect.stringContaining('it was not the release'),
    });
    expect(names().slice(-3)).toEqual(['release.rolled_back', 'release.checked', 'release.needs_person']);
  });

  it('is withdrawn as well while a person is asked.', async () => {
    const { look } = await onTrial({ promote: 'by-hand' });
    await bench.ask('candidate', 40);
    await bench.ask('stable', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'awaiting' });
    bench.version.answer = 500;
    await bench.ask('candidate', 40);
    expect(await look()).toMatchObject({ state: 'checking' });
  });

  it('is not condemned for what fails both.', async () => {
    const { look } = await onTrial();
    bench.version.answer = 503;
    bench.plant.stable.answer = 503;
    await bench.ask('candidate', 40);
    await bench.ask('stable', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'canary' });
  });

  it('by a condition in Prometheus is withdrawn when that was false for long enough, and not where nobody answers.', async () => {
    const { look } = await onTrial({
      conditions: [{ name: 'orders are dispatched', promql: 'q', expect: '> 3' }],
    });
    await bench.ask('candidate', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'canary', reason: expect.stringContaining('no sample') });
    bench.answers = { q: 2 };
    await look();
    bench.putForward(59_000);
    expect(await look()).toMatchObject({ state: 'canary' });
    bench.answers = { q: 4 };
    bench.putForward(-24 * hour);
    await look();
    bench.answers = { q: 2 };
    await look();
    bench.putForward(59_000);
    expect(await look()).toMatchObject({ state: 'canary' });
    bench.putForward(2000);
    expect(await look()).toMatchObject({
      state: 'checking',
      reason: 'for 1m it was not true that orders are dispatched (2, and not > 3)',
    });
  });
});

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
