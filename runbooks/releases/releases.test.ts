import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listSnapshots } from '../snapshots/catalog.ts';
import { snapshotSet } from '../snapshots/set.ts';
import { ReleaseBench, releaseLimit } from '../testing/release-bench.ts';
import { promoteRelease } from './by-hand.ts';

let bench: ReleaseBench;
beforeEach(async () => {
  bench = await ReleaseBench.start();
});
afterEach(() => bench[Symbol.asyncDispose]());

const hour = 3_600_000;
const names = () => bench.events.map(({ event }) => event);

describe('A release', () => {
  it('begins with a snapshot and a share of the callers, and is watched from then on.', async () => {
    const { look, release } = await bench.onTrial();
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
    expect(await bench.start(world)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('snapshot'),
    });
    expect((await bench.router()).candidate).toBeNull();
    expect(bench.plant.started).toEqual([]);
    bench.writeSettings('one');
    expect((await bench.start(world)).state).toBe('canary');
  });

  it('that does well is given to everybody when its time is over, by itself.', async () => {
    const { look } = await bench.onTrial();
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
    const { look } = await bench.onTrial();
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
    const { look, world } = await bench.onTrial({ promote: 'by-hand' });
    await bench.ask('candidate', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'awaiting' });
    const wish = { actor: 'wang' };
    expect(await promoteRelease(wish, world, releaseLimit())).toMatchObject({
      state: 'promoted',
      reason: 'promoted by wang',
    });
    expect((await bench.router()).stable.version).toBe('2.0');
  });
});

describe('A version that is worse', () => {
  it('is withdrawn by itself after 20 requests, its settings are as before, and the stable one is looked at.', async () => {
    const { look } = await bench.onTrial();
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
    expect(bench.settings).toBe('one');
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
    const { look } = await bench.onTrial();
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
    const { look } = await bench.onTrial({ promote: 'by-hand' });
    await bench.ask('candidate', 40);
    await bench.ask('stable', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'awaiting' });
    bench.version.answer = 500;
    await bench.ask('candidate', 40);
    expect(await look()).toMatchObject({ state: 'checking' });
  });

  it('is not condemned for what fails both.', async () => {
    const { look } = await bench.onTrial();
    bench.version.answer = 503;
    bench.plant.stable.answer = 503;
    await bench.ask('candidate', 40);
    await bench.ask('stable', 40);
    bench.putForward(24 * hour);
    expect(await look()).toMatchObject({ state: 'canary' });
  });

  it('by a condition in Prometheus is withdrawn when that was false for long enough, and not where nobody answers.', async () => {
    const { look } = await bench.onTrial({
      conditions: [{ name: 'orders are dispatched', promql: 'q', expect: '> 3' }],
    });
    bench.holdTime();
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
