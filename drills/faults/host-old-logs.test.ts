import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { mountSmallVolume, whyNoVolume } from '../../kit/testing/small-volume.ts';
import { waitFor } from '../../kit/wait.ts';
import { runName } from '../run-name.ts';
import { survey } from '../survey/survey.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { testHost } from '../testing/test-host.ts';
import { byHand, revert } from '../undo.ts';
import { spaceOf, usedShare } from './host/disk-room.ts';
import { hostOldLogs } from './host-old-logs.ts';

const mib = 2 ** 20;
const dayMs = 86_400_000;
const noVolume = whyNoVolume();
const left = noVolume === undefined ? '' : ` (not tried: ${noVolume})`;
const wish = { to: 0.95, floor: '1%' };

/** A file of somebody else, written so many days ago. */
function put(folder: string, name: string, { days = 0, bytes = 100 } = {}): void {
  const file = path.join(folder, name);
  writeFileSync(file, Buffer.alloc(bytes, 1));
  const time = (Date.now() - days * dayMs) / 1000;
  utimesSync(file, time, time);
}

/** A file system of 8 MiB of its own, with a folder of logs in it. */
function smallDisk(): string {
  const volume = mountSmallVolume(8 * mib);
  onTestFinished(() => volume[Symbol.dispose]());
  const folder = path.join(volume.folder, 'mes');
  mkdirSync(folder);
  return folder;
}

/** The fault on these logs, and how often somebody has looked whether it was ended. */
function oldLogs(logs: { folder: string; pattern: string } | undefined, params: object = wish) {
  const bench = testHost({ server: { kind: 'host', ...(logs && { logs }) } });
  onTestFinished(() => bench[Symbol.dispose]());
  const { host, targets } = bench;
  const named = { name: 'server', target: targets.server ?? expect.fail() };
  const parsed = hostOldLogs.params.parse(params);
  const run = `test-${Math.random()}`;
  const plan = hostOldLogs.plan(parsed, named, run, 60_000);
  const watch = { looks: 0 };
  const clock = {
    now: systemClock.now,
    sleep: async (_ms: number, signal?: AbortSignal) => {
      await systemClock.sleep(5, signal);
      watch.looks++;
    },
  };
  return {
    plan,
    watch,
    mark: runName(run),
    demand: async () => hostOldLogs.demand?.(parsed, named, host),
    inject: (signal = AbortSignal.timeout(60_000)) =>
      hostOldLogs.inject(plan, parsed, named, { ...host, clock }, signal),
    undo: () => revert(plan.undo, { targets, fetch }, AbortSignal.timeout(20_000)),
    survey: () => survey([named], { fetch, run }),
  };
}

/** What has the mark, the oldest first. */
function ofRun(folder: string, mark: string) {
  return readdirSync(folder)
    .filter((name) => name.includes(mark))
    .map((name) => ({ name, ...statSync(path.join(folder, name)) }))
    .toSorted((one, other) => one.mtimeMs - other.mtimeMs);
}

describe.skipIf(noVolume !== undefined)(`A disk full of old logs${left}`, () => {
  test('is filled with real blocks to its watermark, by many files that the pattern names, and is as before afterwards.', async () => {
    const folder = smallDisk();
    const fault = oldLogs({ folder, pattern: 'mes-*.log' });
    await fault.demand();
    await using injection = await fault.inject();
    const files = ofRun(folder, fault.mark);
    expect(files.map(({ name }) => name)).toEqual(
      Array.from({ length: 24 }, (_, index) => `mes-${fault.mark}~${index + 1}.log`),
    );
    // Blocks of 512 bytes, as stat(2) has them.
    const bytes = files.reduce((sum, { blocks }) => sum + blocks * 512, 0);
    expect(usedShare(folder)).toBeGreaterThan(0.949);
    expect(usedShare(folder)).toBeLessThanOrEqual(0.95);
    expect(bytes).toBeGreaterThan(7.5 * mib);
    expect(await injection.touched()).toBe(files.reduce((sum, { size }) => sum + size, 0));
    expect(Math.max(...files.map(({ size }) => size))).toBeLessThan(bytes / 20);
    // As old as was asked for, where nothing older is there.
    const newest = (Date.now() - (files.at(-1)?.mtimeMs ?? 0)) / dayMs;
    expect([newest >= 30, newest < 31]).toEqual([true, true]);
    expect(await fault.survey()).toHaveLength(24);
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), readdirSync(folder), usedShare(folder), await fault.survey()]).toEqual(
      [[], [], 0, []],
    );
    await fault.undo();
    await fault.undo();
  });

  test('has only logs that are older than those of the plant, each older than the next: the oldest to go are never the plant’s.', async () => {
    const folder = smallDisk();
    put(folder, 'mes-today.log');
    put(folder, 'mes-old.log', { days: 90 });
    put(folder, 'orders.db', { days: 900 });
    const fault = oldLogs({ folder, pattern: 'mes-*.log' }, { ...wish, files: 6, age: '30d' });
    await using _injection = await fault.inject();
    const times = ofRun(folder, fault.mark).map(({ mtimeMs }) => mtimeMs);
    expect(Math.max(...times)).toBeLessThan(Date.now() - 90 * dayMs);
    expect(new Set(times).size).toBe(6);
  });

  test('is rid of exactly these files: those of others with similar names stay, and links, and what they lead to.', async () => {
    const folder = smallDisk();
    const elsewhere = tempFolder();
    put(elsewhere, 'theirs');
    const fault = oldLogs({ folder, pattern: '*.log*' });
    const theirs = [
      `${fault.mark}~1.log.gz`,
      `${fault.mark}~x.log`,
      `${fault.mark}-1.log`,
      `a${fault.mark}~1.log`,
      'andon-drill-another~1.log',
    ];
    for (const name of theirs) put(folder, name);
    symlinkSync(path.join(elsewhere, 'theirs'), path.join(folder, `${fault.mark}~97.log`));
    mkdirSync(path.join(folder, `${fault.mark}~98.log`));
    const before = readdirSync(folder).toSorted();
    const injection = await fault.inject();
    expect(readdirSync(folder)).toHaveLength(before.length + 24);
    await injection[Symbol.asyncDispose]();
    await fault.undo();
    expect([readdirSync(folder).toSorted(), await injection.residue()]).toEqual([before, []]);
    expect(existsSync(path.join(elsewhere, 'theirs'))).toBe(true);
    // What somebody made of our files meanwhile, as a rotation that compresses them, is found by the survey.
    expect(await fault.survey()).toContain(`server: file ${path.join(folder, `${fault.mark}~1.log.gz`)}`);
  });

  test('is not filled again when somebody deletes some, and is lifted by others when enough are gone, not before.', async () => {
    const folder = smallDisk();
    const fault = oldLogs({ folder, pattern: '*.log' });
    await using injection = await fault.inject();
    const [first, ...others] = ofRun(folder, fault.mark);
    rmSync(path.join(folder, first?.name ?? ''));
    const { looks } = fault.watch;
    await waitFor(() => fault.watch.looks > looks + 2, { what: 'further looks', timeoutMs: 20_000 });
    expect(await Promise.race([injection.liftedByOthers, 'nobody yet'])).toBe('nobody yet');
    expect(usedShare(folder)).toBeLessThan(0.93);
    for (const { name } of others.slice(0, 4)) rmSync(path.join(folder, name));
    expect(await injection.liftedByOthers).toBe('others');
    expect(ofRun(folder, fault.mark)).toHaveLength(19);
    expect(await injection.residue()).toHaveLength(19);
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), readdirSync(folder)]).toEqual([[], []]);
  });

  test('ends at once when others need the room of its floor.', async () => {
    const folder = smallDisk();
    const fault = oldLogs({ folder, pattern: '*.log' }, { to: 0.9, floor: '5%' });
    await using injection = await fault.inject();
    put(folder, 'orders.db', { bytes: mib / 2 });
    expect(await injection.liftedByOthers).toMatch(/floor/);
  });

  test('keeps its floor while it is written, whatever the watermark.', async () => {
    const folder = smallDisk();
    const fault = oldLogs({ folder, pattern: '*.log' }, { to: 0.99, floor: '1MiB' });
    await using _injection = await fault.inject();
    expect(spaceOf(statfsSync(folder)).free).toBe(mib);
  });

  test('that cannot be filled to its end has nothing left of it.', async () => {
    const folder = smallDisk();
    const fault = oldLogs({ folder, pattern: '*.log' });
    mkdirSync(path.join(folder, `${fault.mark}~5.log`));
    await expect(fault.inject()).rejects.toThrow('EEXIST');
    expect(readdirSync(folder)).toEqual([`${fault.mark}~5.log`]);
    await expect(fault.inject(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
    expect([readdirSync(folder), usedShare(folder)]).toEqual([[`${fault.mark}~5.log`], 0]);
  });

  test('that is so full already, or has less left than its floor, is refused and not touched.', async () => {
    const folder = smallDisk();
    put(folder, 'orders.db', { bytes: 6 * mib });
    const logs = { folder, pattern: '*.log' };
    const refused = [{ to: 0.7, lifted_below: 0.5 }, { lifted_below: 0.7 }, { floor: '3MiB' }];
    for (const params of refused)
      await expect(oldLogs(logs, params).demand()).rejects.toMatchObject({
        code: 'host-old-logs.no-room',
        mend: expect.any(String),
      });
    await oldLogs(logs, {}).demand();
    expect(readdirSync(folder)).toEqual(['orders.db']);
  });
});

test('A host whose logs are not named, not there, elsewhere, or leave no place for a mark is refused with what to do.', async () => {
  const folder = tempFolder();
  const link = path.join(tempFolder(), 'logs');
  symlinkSync(folder, link);
  const refusals = [
    [undefined, 'host-old-logs.no-logs', /targets: server: logs: \{ folder/],
    [{ folder, pattern: 'mes.log' }, 'host-old-logs.pattern', /as in mes\*\.log/],
    [{ folder: '/no/such', pattern: '*.log' }, 'logs.folder', /logs: \{ folder, pattern \}/],
    [{ folder: link, pattern: '*.log' }, 'logs.folder', /logs: \{ folder, pattern \}/],
  ] as const;
  for (const [logs, code, mend] of refusals) {
    const fault = oldLogs(logs);
    await expect(fault.demand()).rejects.toMatchObject({ code, mend: expect.stringMatching(mend) });
    await expect(fault.inject()).rejects.toMatchObject({ code });
  }
  expect(oldLogs(undefined).plan.effects).toEqual([expect.stringMatching(/refused.*targets: server: logs/)]);
  expect(readdirSync(folder)).toEqual([]);
  expect(hostOldLogs.params.safeParse({ to: 0.8, lifted_below: 0.8 }).success).toBe(false);
});

test('The undo of logs whose file system was unmounted has nothing to do, and says by hand what it would.', async () => {
  const folder = path.join(tempFolder(), 'gone');
  const { undo, plan, mark } = oldLogs({ folder, pattern: 'mes-?-*.log' });
  await undo();
  expect(byHand(plan.undo, {})).toContain(`${folder}/mes-_-${mark}~1.log`);
  expect(plan.effects.join('\n')).toContain(`24 files called mes-_-${mark}~1.log`);
});
