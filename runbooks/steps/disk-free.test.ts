import {
  linkSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../../kit/open-folder.ts';
import { mountSmallVolume, whyNoVolume } from '../../kit/testing/small-volume.ts';
import { stepWorld } from '../testing/step-world.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { oldFiles, removeOld } from './disk-free/old-files.ts';
import { diskFree } from './disk-free.ts';

/** Waiting takes no time: what a file system has not given back at once, it does not give back later here. */
let waited = 0;
const clock = {
  now: () => Date.now() + waited,
  sleep: async (ms: number) => {
    waited += ms;
  },
};
const world = stepWorld({ 'plant-server': { kind: 'host' } }, { clock });
const run = (folder: string, wish: object = {}) =>
  diskFree.run(
    diskFree.params.parse({ folder, pattern: '*.log', older_than: '1h', ...wish }),
    world,
    AbortSignal.timeout(60_000),
  );
const hour = 3600;
/** A file that was written so many hours ago. */
const put = (folder: string, name: string, hoursAgo: number, bytes = 100) => {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.alloc(bytes, 1));
  const time = Date.now() / 1000 - hoursAgo * hour;
  utimesSync(file, time, time);
};
const left = (folder: string) => readdirSync(folder).toSorted();
const noVolume = whyNoVolume();
const MiB = 2 ** 20;
const usedOf = (folder: string) => {
  const { blocks, bavail } = statfsSync(folder);
  return 1 - bavail / blocks;
};

describe.skipIf(noVolume !== undefined)(`A file system${noVolume ? ` (${noVolume})` : ''}`, () => {
  test('has room again when its oldest files are gone, and no more than needed are', async () => {
    using volume = mountSmallVolume(10 * MiB);
    for (const hours of [2, 3, 4, 5, 6, 7, 8, 9]) put(volume.folder, `mes-${hours}.log`, hours, MiB);
    put(volume.folder, 'orders.db', 900, MiB);
    expect(usedOf(volume.folder)).toBeGreaterThan(0.85);
    const result = await run(volume.folder, { until: 65 });
    expect(result).toMatchObject({
      outcome: 'succeeded',
      touched: 3,
      details: {
        before: 90,
        after: 60,
        freed: 3 * MiB,
        deleted: [
          { name: 'mes-9.log', bytes: MiB, modified: expect.stringMatching(/^\d{4}-/) },
          { name: 'mes-8.log', bytes: MiB },
          { name: 'mes-7.log', bytes: MiB },
        ],
      },
    });
    expect(left(volume.folder)).toEqual([
      'mes-2.log',
      'mes-3.log',
      'mes-4.log',
      'mes-5.log',
      'mes-6.log',
      'orders.db',
    ]);
    expect(await run(volume.folder, { until: 65 })).toMatchObject({ outcome: 'succeeded', touched: 0 });
  });

  test('that stays full is a failure that says what was deleted', async () => {
    using volume = mountSmallVolume(10 * MiB);
    put(volume.folder, 'orders.db', 900, 8 * MiB);
    for (const hours of [2, 3]) put(volume.folder, `mes-${hours}.log`, hours, MiB / 2);
    const result = await run(volume.folder, { until: 50 });
    expect(result).toMatchObject({
      outcome: 'failed',
      touched: 1,
      details: { deleted: [{ name: 'mes-3.log' }] },
    });
    expect(left(volume.folder)).toEqual(['mes-2.log', 'orders.db']);
  });
});

describe('Nothing is deleted', () => {
  const refusedBy = async (prepare: (folder: string) => void, wish: object = {}) => {
    using folder = tempFolder();
    prepare(folder.path);
    const before = left(folder.path);
    const result = await run(folder.path, { until: 1, keep: 0, ...wish });
    expect([result.outcome, result.touched, left(folder.path)]).toEqual(['failed', 0, before]);
    // It would have been deleted beside one that may be.
    put(folder.path, 'old.log', 800);
    expect(await run(folder.path, { until: 1, keep: 0, ...wish })).toMatchObject({
      touched: 1,
      details: { deleted: [{ name: 'old.log' }] },
    });
    expect(left(folder.path)).toEqual(before);
  };

  test('that is younger, among the newest, called otherwise, hidden or in a folder below', async () => {
    await refusedBy((folder) => put(folder, 'a.log', 0.5));
    await refusedBy((folder) => put(folder, 'a.log', 5), { keep: 1 });
    await refusedBy((folder) => put(folder, 'a.log.gz', 5));
    await refusedBy((folder) => put(folder, '.a.log', 5));
    await refusedBy((folder) => {
      mkdirSync(path.join(folder, 'below.log'));
      put(path.join(folder, 'below.log'), 'a.log', 5);
    });
  });

  test('that is a link, or has another name elsewhere', async () => {
    using elsewhere = tempFolder();
    put(elsewhere.path, 'target', 5);
    await refusedBy((folder) => symlinkSync(elsewhere.file('target'), path.join(folder, 'a.log')));
    await refusedBy((folder) => linkSync(elsewhere.file('target'), path.join(folder, 'a.log')));
    expect(left(elsewhere.path)).toEqual(['target']);
  });

  test('in a folder that leads elsewhere or is none', async () => {
    using folder = tempFolder();
    using elsewhere = tempFolder();
    put(elsewhere.path, 'a.log', 5);
    symlinkSync(elsewhere.path, folder.file('logs'));
    const result = await run(folder.file('logs'), { until: 1, keep: 0 });
    expect(result).toMatchObject({
      outcome: 'refused',
      touched: 0,
      summary: expect.stringContaining(elsewhere.path),
    });
    expect(await run(folder.file('none'))).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(left(elsewhere.path)).toEqual(['a.log']);
  });

  test('that was written to or exchanged since it was looked at', async () => {
    using folder = tempFolder();
    for (const name of ['a.log', 'b.log']) put(folder.path, name, 5);
    const place = await openFolder(folder.path);
    if (typeof place === 'string') throw new Error(place);
    const files = await oldFiles(place, { pattern: '*.log', keep: 0, olderThanMs: 0, now: Date.now() });
    put(folder.path, 'a.log', 1);
    expect(await Promise.all(files.map((file) => removeOld(place, file)))).toEqual([
      undefined,
      expect.any(Number),
    ]);
    expect(left(folder.path)).toEqual(['a.log']);
    await place[Symbol.asyncDispose]();
  });
});

test.each([
  { folder: 'var/log' },
  { folder: '/' },
  { folder: '/var' },
  { folder: '/var/log/../../etc' },
  { folder: '/var/log/' },
  { pattern: '../*.log' },
  { pattern: '' },
  { until: 100 },
  { older_than: undefined },
  { folder: undefined },
  { pattern: undefined },
])('A mistake is named before anything is looked at: %j', (wish) => {
  const right = { folder: '/var/log/mes', pattern: '*.log', older_than: '7d' };
  expect(diskFree.params.safeParse(right).success).toBe(true);
  expect(diskFree.params.safeParse({ ...right, ...wish }).success).toBe(false);
});

test('The plan says that what is deleted is gone.', () => {
  const wish = diskFree.params.parse({ folder: '/var/log/mes', pattern: 'mes-*.log', older_than: '7d' });
  expect(diskFree.plan(wish, world)).toEqual([
    {
      does: 'delete regular files called mes-*.log directly in /var/log/mes, the oldest first, until less than 80 % of its file system are in use; none younger than 7d, and never the newest 1',
      on: 'plant-server',
      undo: 'none: deleted files are gone',
    },
  ]);
});

describe('A step that names no files', () => {
  const wish = diskFree.params.parse({ older_than: '7d' });
  const deleted = (logs: object | undefined, step: object = {}) =>
    diskFree.plan(
      { ...wish, ...step },
      stepWorld({ 'plant-server': { kind: 'host', ...(logs && { logs }) } }),
    )[0]?.does;

  test('means the logs of its target; one that names some means those.', () => {
    const logs = { folder: '/srv/mes/log', pattern: '*.log*' };
    expect(deleted(logs)).toContain('called *.log* directly in /srv/mes/log,');
    expect(deleted(logs, { folder: '/var/log/erp', pattern: 'erp-*' })).toContain(
      'called erp-* directly in /var/log/erp,',
    );
  });

  test('and whose target names none neither has a plan nor touches anything, and says what to write where.', async () => {
    const what =
      /write targets: plant-server: logs: \{ folder: .* in andon.yaml, or folder and pattern into the step/;
    expect(() => deleted(undefined)).toThrow(what);
    await expect(diskFree.run(wish, world, AbortSignal.timeout(60_000))).rejects.toThrow(what);
    const target = world.target ?? expect.fail();
    expect(diskFree.misfit?.(wish, target)).toMatch(what);
    expect(diskFree.misfit?.({ ...wish, folder: '/var/log/mes', pattern: '*' }, target)).toBeUndefined();
  });

  test('deletes those of its target.', async () => {
    using folder = tempFolder();
    for (const name of ['a.log', 'b.log', 'c.txt']) put(folder.path, name, 900);
    const logs = { folder: folder.path, pattern: '*.log' };
    const result = await diskFree.run(
      { ...wish, keep: 0, until: 1 },
      stepWorld({ 'plant-server': { kind: 'host', logs } }, { clock }),
      AbortSignal.timeout(60_000),
    );
    expect([result.touched, left(folder.path)]).toEqual([2, ['c.txt']]);
  });
});

test('Nor may a value from outside name them.', () => {
  expect(diskFree.placeholders).toEqual({ folder: 'refused', pattern: 'refused' });
});
