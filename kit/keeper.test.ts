import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { startChild } from './children.ts';
import { startKeeper } from './keeper.ts';
import { silentLog } from './log.ts';
import { modulePath } from './module-path.ts';
import { startTimeOf } from './process-identity.ts';
import { keeperOf, processesMarked, testMark } from './testing/marked.ts';
import { waitFor } from './wait.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-keeper-'));
const marks: string[] = [];
afterAll(() => {
  for (const pid of marks.flatMap(processesMarked)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function newMark(): string {
  const mark = randomUUID();
  marks.push(mark);
  return mark;
}

/** Longer than the keeper's own limits; the issue asks for 10 s on a computer that is not busy. */
const goneLimitMs = 30_000;

function startOwner(mark: string): ChildProcess {
  const main = modulePath(import.meta.url, './testing/owner-main');
  return spawn(process.execPath, [main, folder, mark], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function killed(owner: ChildProcess): Promise<void> {
  const exited = once(owner, 'exit');
  owner.kill('SIGKILL');
  await exited;
}

async function expectNothingLeft(mark: string, owner: number): Promise<void> {
  await waitFor(() => processesMarked(mark).length === 0 && keeperOf(owner) === undefined, {
    what: 'the end of every child and of the keeper',
    timeoutMs: goneLimitMs,
  });
}

test('When the owner dies by SIGKILL, no child and no keeper survives it.', async () => {
  const mark = newMark();
  const owner = startOwner(mark);
  await once(owner.stdout ?? owner, 'data');
  expect(processesMarked(mark).length).toBeGreaterThanOrEqual(4);
  const pid = owner.pid ?? 0;
  expect(keeperOf(pid)).toBeDefined();
  await killed(owner);
  await expectNothingLeft(mark, pid);
}, 60_000);

test('That holds at whatever moment the owner dies, while it starts its children too.', async () => {
  const owners = Array.from({ length: 6 }, async (_, index) => {
    const mark = newMark();
    const owner = startOwner(mark);
    const pid = owner.pid ?? 0;
    await waitFor(() => keeperOf(pid) !== undefined && processesMarked(mark).length >= index % 3, {
      what: `${index % 3} children`,
      timeoutMs: goneLimitMs,
      everyMs: 5,
    });
    await delay(Math.random() * 40);
    await killed(owner);
    await expectNothingLeft(mark, pid);
  });
  await Promise.all(owners);
}, 60_000);

test('A child that the keeper was never told of survives: the keeper is what ends the others.', async () => {
  const mark = newMark();
  const program = `const { spawn } = require('node:child_process');
    spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    setTimeout(() => {}, 300_000);`;
  const owner = spawn(process.execPath, ['-e', program], {
    stdio: 'ignore',
    env: { [testMark]: mark, PATH: '/usr/bin:/bin' },
  });
  const child = await waitFor(() => processesMarked(mark).find((pid) => pid !== owner.pid), {
    what: 'the unregistered child',
    timeoutMs: goneLimitMs,
  });
  await killed(owner);
  await delay(200);
  expect(processesMarked(mark)).toEqual([child]);
});

test('A keeper never ends a process whose start time is not the one it was told.', async () => {
  const mark = newMark();
  const stranger = spawn('sleep', ['300'], {
    detached: true,
    stdio: 'ignore',
    env: { [testMark]: mark, PATH: '/usr/bin:/bin' },
  });
  const pid = stranger.pid ?? 0;
  {
    await using keeper = await startKeeper();
    await keeper.register({ pid, startTime: 'another', stopSignal: 'SIGTERM' });
  }
  expect(startTimeOf(pid)).toBeDefined();
  {
    await using keeper = await startKeeper();
    await keeper.register({ pid, startTime: startTimeOf(pid) ?? '', stopSignal: 'SIGTERM' });
  }
  expect(startTimeOf(pid)).toBeUndefined();
});

test('Without a keeper no child is started.', async () => {
  const mark = newMark();
  const keeper = await startKeeper();
  process.kill(keeper.pid, 'SIGKILL');
  await waitFor(() => startTimeOf(keeper.pid) === undefined, { what: 'its end', timeoutMs: goneLimitMs });
  const spec = { name: 'child', command: '/bin/sleep', args: ['300'], logFile: path.join(folder, 'log') };
  await expect(
    startChild({ ...spec, env: { [testMark]: mark } }, { keeper, log: silentLog }),
  ).rejects.toMatchObject({ code: 'keeper.lost' });
  expect(processesMarked(mark)).toEqual([]);
});
