import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lineOf, untilReady } from './child-ready.ts';
import { type Child, startChild } from './children.ts';
import { type Keeper, startKeeper } from './keeper.ts';
import { silentLog } from './log.ts';
import { startTimeOf } from './process-identity.ts';

/** Far longer than a shell takes, on whatever computer. */
const timeoutMs = 20_000;
let folder: string;
let keeper: Keeper;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-children-'));
  keeper = await startKeeper();
});
afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function shell(
  name: string,
  program: string,
  more: { env?: Record<string, string>; stopTimeoutMs?: number } = {},
) {
  const spec = { name, command: '/bin/sh', args: ['-c', program], logFile: path.join(folder, `${name}.log`) };
  return startChild({ ...spec, env: { PATH: '/usr/bin:/bin' }, ...more }, { keeper, log: silentLog });
}

const readyLine = (child: Child) =>
  untilReady(child, () => lineOf(child, (line) => /^ready (.*)$/.exec(line)?.[1]), { timeoutMs });

test('A child is ready when its ready line is in its log, and gone when its scope is left.', async () => {
  let pid = 0;
  {
    await using child = await shell('ready', 'echo hello; echo ready at last; exec sleep 300');
    pid = child.pid;
    expect(await readyLine(child)).toBe('at last');
    expect(startTimeOf(pid)).toBe(child.startTime);
  }
  expect(startTimeOf(pid)).toBeUndefined();
  expect(readFileSync(path.join(folder, 'ready.log'), 'utf8')).toContain('hello');
});

test('An earlier ready line in the same log does not count.', async () => {
  await using first = await shell('again', 'echo ready once; exec sleep 300');
  await readyLine(first);
  await using second = await shell('again', 'read -r never; echo ready twice');
  expect(lineOf(second, (line) => line)).toBeUndefined();
});

test('A child that ends before it is ready fails with its last words.', async () => {
  await using child = await shell('hopeless', 'echo the disk is full >&2; exit 3');
  await expect(readyLine(child)).rejects.toThrow(
    /hopeless ended with exit code 3 before it was ready: the disk is full/,
  );
});

test('A program that is not there fails by name.', async () => {
  const spec = {
    name: 'nothing',
    command: '/nowhere/nothing',
    args: [],
    logFile: path.join(folder, 'no.log'),
  };
  await using child = await startChild({ ...spec, env: {} }, { keeper, log: silentLog });
  await expect(readyLine(child)).rejects.toThrow(/nothing ended with exit code 127 .*not found/s);
});

test('A child that ignores the stop signal is killed, with everything it started.', async () => {
  const program = 'trap "" TERM; sleep 300 & echo ready $!; while :; do sleep 1; done';
  let grandchild = 0;
  {
    await using child = await shell('stubborn', program, { stopTimeoutMs: 100 });
    grandchild = Number(await readyLine(child));
    expect(startTimeOf(grandchild)).toBeDefined();
  }
  expect(startTimeOf(grandchild)).toBeUndefined();
});

test('A child has the environment it was given and no other.', async () => {
  await using child = await shell('plain', 'echo ready "$(env | sort | tr "\\n" " ")"; exec sleep 300', {
    env: { ONLY: 'this', PATH: '/usr/bin:/bin' },
  });
  expect(await readyLine(child)).toMatch(/^ONLY=this PATH=\/usr\/bin:\/bin (PWD=\S+ )?$/);
});

test('The stdin of a child is open as long as it may run.', async () => {
  const child = await shell('reader', 'echo ready yes; read -r line; exit 7', { stopTimeoutMs: timeoutMs });
  await readyLine(child);
  expect(startTimeOf(child.pid)).toBe(child.startTime);
  await child[Symbol.asyncDispose]();
  expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
});
