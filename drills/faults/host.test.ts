import { readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mountSmallVolume, whyNoVolume } from '../../kit/testing/small-volume.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Fault, Injection } from '../fault.ts';
import { markedProcesses } from '../marked-processes.ts';
import { runName } from '../run-name.ts';
import { noLeash, testHost } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { spaceOf } from './host/disk-room.ts';
import { MemoryBurden } from './host/memory-burden.ts';
import { memoryOfHost } from './host/memory-room.ts';
import { hostCpu } from './host-cpu.ts';
import { hostDisk } from './host-disk.ts';
import { hostMemory } from './host-memory.ts';

const faults: readonly Fault[] = [hostCpu, hostDisk, hostMemory];
const never = new AbortController().signal;
const mib = 2 ** 20;
const noVolume = whyNoVolume();
const within = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 50_000, everyMs: 50 });

function faultOn(kind: string, wish: object, disk?: string) {
  const { host, targets, ...folder } = testHost({ host: { kind: 'host', ...(disk && { disk }) } });
  const fault = faults.find((one) => one.kind === kind) ?? expect.fail();
  const named = { name: 'host', target: targets.host ?? expect.fail() };
  const params = fault.params.parse(wish);
  const run = `test-${kind}-${Math.random()}`;
  const plan = fault.plan(params, named, run, 60_000);
  return {
    inject: (signal = never): Promise<Injection> =>
      fault.inject(plan, params, named, { ...host, leash: noLeash }, signal),
    demand: async () => fault.demand?.(params, named, host),
    undo: () => revert(plan.undo, { targets, fetch }, AbortSignal.timeout(20_000)),
    burners: () => markedProcesses(runName(run)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** What is resident of a process (proc(5), status), in bytes. */
const residentOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Seconds of a processor that a process has used (proc(5), stat: utime and stime in hundredths). */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The priority of the thread of a process that has used most of a processor (proc(5), stat: nice). */
function busyPriorityOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return { used: (fields[11] ?? 0) + (fields[12] ?? 0), nice: fields[16] ?? 0 };
  });
  return threads.toSorted((one, other) => other.used - one.used)[0]?.nice ?? 0;
}

async function goneAfterwards(fault: ReturnType<typeof faultOn>, injection: Injection): Promise<void> {
  expect(fault.burners()).toHaveLength(1);
  await injection[Symbol.asyncDispose]();
  expect(await injection.residue()).toEqual([]);
  expect(fault.burners()).toEqual([]);
  await fault.undo();
  await fault.undo();
  expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
}

describe('Busy processors', () => {
  test('are kept busy by a process of its own, at the priority that was asked for, and counted in seconds.', async () => {
    using fault = faultOn('host.cpu', { workers: 1, share: 0.5, nice: 5 });
    await using injection = await fault.inject();
    const { pid } = fault.burners()[0] ?? expect.fail();
    const before = cpuSecondsOf(pid);
    await within(
      'some work',
      async () => cpuSecondsOf(pid) - before > 0.5 && (await injection.touched()) > 0.5,
    );
    expect(busyPriorityOf(pid)).toBe(5);
    expect(os.getPriority(pid), 'of the thread that hears of its runner').toBe(os.getPriority());
    expect(await injection.residue()).toEqual([expect.stringContaining(`process ${pid} `)]);
    await goneAfterwards(fault, injection);
  });

  test('that are ended by somebody else are said to be.', async () => {
    using fault = faultOn('host.cpu', { workers: 1, share: 0.05 });
    await using injection = await fault.inject();
    process.kill(fault.burners()[0]?.pid ?? 0, 'SIGKILL');
    expect(await injection.liftedByOthers).toBe('others');
  });

  test('are left alone by a drill that was stopped before it began.', async () => {
    using fault = faultOn('host.cpu', { workers: 1 });
    const stop = AbortSignal.abort(new Error('stopped'));
    await expect(fault.inject(stop)).rejects.toThrow('stopped');
    expect(fault.burners()).toEqual([]);
  });
});

describe('Memory', () => {
  test('is really taken, no more than was allowed, and given back.', async () => {
    using fault = faultOn('host.memory', { to: 0.99, at_most: '100MiB', floor: '128MiB' });
    await fault.demand();
    await using injection = await fault.inject();
    await within('96 MiB', async () => (await injection.touched()) === 96 * mib);
    const { pid } = fault.burners()[0] ?? expect.fail();
    expect(residentOf(pid)).toBeGreaterThan(96 * mib);
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000');
    await goneAfterwards(fault, injection);
  });

  test('above its watermark already, or with less left than the floor, is refused.', async () => {
    using full = faultOn('host.memory', { to: 0.01 });
    using narrow = faultOn('host.memory', { to: 0.99, floor: '99.9%' });
    for (const fault of [full, narrow]) {
      await expect(fault.demand()).rejects.toMatchObject({
        code: 'host-memory.no-room',
        mend: expect.any(String),
      });
      await using injection = await fault.inject();
      await within('its first look', () => fault.burners().length === 1);
      expect(await injection.touched()).toBe(0);
    }
  });

  test('goes back at once when others need it.', () => {
    const { available } = memoryOfHost();
    const floor = { bytes: 0 };
    const burden = new MemoryBurden({ to: 0.99, floor }, 64 * mib);
    while (burden.step());
    const held = process.memoryUsage().arrayBuffers;
    floor.bytes = 2 * available;
    while (burden.step());
    expect(held - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(64 * mib);
    expect(burden.taken()).toBe(64 * mib);
  });

  test('keeps a floor that no drill file can do without.', () => {
    expect(hostMemory.params.safeParse({ floor: '1MiB' }).success).toBe(false);
    expect(hostMemory.params.safeParse({ to: 1 }).success).toBe(false);
  });
});

describe.skipIf(noVolume !== undefined)(
  `A disk${noVolume === undefined ? '' : ` (not tried: ${noVolume})`}`,
  () => {
    const used = (folder: string) => {
      const { size, free } = spaceOf(statfsSync(folder));
      return 1 - free / size;
    };

    test('is filled to its watermark by a file that nobody sees, and is empty afterwards.', async () => {
      using volume = mountSmallVolume(8 * mib);
      using fault = faultOn('host.disk', { to: 0.9 }, volume.folder);
      await fault.demand();
      await using injection = await fault.inject();
      await within('the watermark', () => used(volume.folder) > 0.89);
      expect(readdirSync(volume.folder)).toEqual([]);
      expect(used(volume.folder)).toBeLessThanOrEqual(0.9);
      await within('the count', async () => (await injection.touched()) > 7 * mib);
      await goneAfterwards(fault, injection);
      expect(used(volume.folder)).toBe(0);
    });

    test('keeps its floor, also when others write: space is given back to them.', async () => {
      using volume = mountSmallVolume(8 * mib);
      using fault = faultOn('host.disk', { to: 0.99, floor: '2MiB' }, volume.folder);
      await using injection = await fault.inject();
      const free = () => spaceOf(statfsSync(volume.folder)).free;
      await within('the floor', () => free() <= 2 * mib + 4096);
      expect(free()).toBeGreaterThanOrEqual(2 * mib);
      writeFileSync(path.join(volume.folder, 'theirs'), Buffer.alloc(mib));
      await within('their space', () => free() >= 2 * mib);
      await goneAfterwards(fault, injection);
      expect(free()).toBe(7 * mib);
    });

    test('that is full already, or has less left than its floor, is refused.', async () => {
      using volume = mountSmallVolume(8 * mib);
      writeFileSync(path.join(volume.folder, 'theirs'), Buffer.alloc(6 * mib));
      using full = faultOn('host.disk', { to: 0.5 }, volume.folder);
      using narrow = faultOn('host.disk', { floor: '3MiB' }, volume.folder);
      for (const fault of [full, narrow]) {
        await expect(fault.demand()).rejects.toMatchObject({
          code: 'host-disk.no-room',
          mend: expect.any(String),
        });
        await using injection = await fault.inject();
        await within('its first look', () => fault.burners().length === 1);
        expect([await injection.touched(), used(volume.folder)]).toEqual([0, 0.75]);
      }
    });
  },
);

test('A host without a folder to fill, or with one that is not there, is refused with what to do.', async () => {
  using nameless = faultOn('host.disk', {});
  await expect(nameless.demand()).rejects.toMatchObject({
    code: 'host-disk.no-folder',
    mend: expect.stringContaining('disk: /a/folder'),
  });
  using missing = faultOn('host.disk', {}, '/no/such/folder');
  await expect(missing.demand()).rejects.toMatchObject({ code: 'host-disk.folder' });
  await expect(missing.inject()).rejects.toMatchObject({ code: 'host-disk.folder' });
});
