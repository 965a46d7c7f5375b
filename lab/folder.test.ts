import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { modulePath } from '../kit/module-path.ts';
import { startTimeOf } from '../kit/process-identity.ts';
import { notedKeeper } from './children-file.ts';
import { stopLab } from './down.ts';
import { takeLabFolder } from './folder.ts';
import { labFile, labStatus } from './status.ts';

const root = mkdtempSync(path.join(tmpdir(), 'andon-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let dir: string;
let count = 0;
beforeEach(() => {
  dir = path.join(root, `lab-${count++}`);
});

/** A process that takes the folder, says how that went, and keeps it until it is killed. */
function taker(): ChildProcess {
  const program = `const { takeLabFolder } = await import(${JSON.stringify(modulePath(import.meta.url, './folder'))});
    await takeLabFolder(${JSON.stringify(dir)}).then(() => console.log('taken'), (error) => console.log(error.code));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What the lab of a process that has died looks like. */
function leaveDeadLab(): void {
  mkdirSync(dir);
  const content = {
    pid: process.pid,
    startTime: 'another',
    ready: true,
    addresses: { mes: 'http://127.0.0.1:1' },
  };
  writeFileSync(labFile(dir), JSON.stringify(content));
  writeFileSync(path.join(dir, 'rubbish'), '');
}

test('Of labs that start in one folder at once, one gets it and the others are told.', async () => {
  const takers = Array.from({ length: 4 }, taker);
  const answers = await Promise.all(
    takers.map(async ({ stdout }) => String((await once(stdout ?? process.stdin, 'data'))[0]).trim()),
  );
  for (const one of takers) one.kill('SIGKILL');
  expect(answers.toSorted()).toEqual(['lab.running', 'lab.running', 'lab.running', 'taken']);
});

test('The folder of a lab that lives is left alone; it is free when its scope is left.', async () => {
  {
    using folder = await takeLabFolder(dir);
    folder.announce({ mes: 'http://127.0.0.1:1' }, true);
    writeFileSync(path.join(dir, 'data'), 'precious');
    await expect(takeLabFolder(dir)).rejects.toMatchObject({ code: 'lab.running' });
    expect(readFileSync(path.join(dir, 'data'), 'utf8')).toBe('precious');
    expect(labStatus(dir)).toEqual({ running: true, addresses: { mes: 'http://127.0.0.1:1' } });
  }
  expect(labStatus(dir)).toEqual({ running: false });
  using _again = await takeLabFolder(dir);
  expect(existsSync(path.join(dir, 'data'))).toBe(false);
});

test('What a dead lab left is cleared away, and its processes are ended; those of others are not.', async () => {
  leaveDeadLab();
  expect(labStatus(dir)).toEqual({ running: false });
  const [left, ended, stranger] = [sleeper(), sleeper(), sleeper()];
  const keeper = notedKeeper(deafKeeper, dir);
  for (const { pid, startTime } of [left, ended])
    await keeper.register({ pid, startTime, stopSignal: 'SIGTERM' });
  await keeper.register({ pid: stranger.pid, startTime: 'another', stopSignal: 'SIGTERM' });
  keeper.release(ended.pid);
  await keeper[Symbol.asyncDispose]();
  using _folder = await takeLabFolder(dir);
  expect([left, ended, stranger].map(({ pid }) => startTimeOf(pid) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
  expect(existsSync(path.join(dir, 'rubbish'))).toBe(false);
  for (const { pid } of [ended, stranger]) process.kill(pid, 'SIGKILL');
});

test('Taking down a lab that died ends what it left, and says that none was running.', async () => {
  leaveDeadLab();
  const left = sleeper();
  const keeper = notedKeeper(deafKeeper, dir);
  await keeper.register({ ...left, stopSignal: 'SIGTERM' });
  await keeper[Symbol.asyncDispose]();
  expect(await stopLab(dir)).toBe(false);
  expect(startTimeOf(left.pid)).toBeUndefined();
});

/** As one that has died with its owner. */
const deafKeeper = { pid: 0, async register() {}, release() {}, async [Symbol.asyncDispose]() {} };

function sleeper(): { pid: number; startTime: string } {
  const { pid = 0 } = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  return { pid, startTime: startTimeOf(pid) ?? '' };
}
