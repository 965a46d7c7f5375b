import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../kit/clock.ts';
import { waitFor } from '../kit/wait.ts';
import type { Host, Plan } from './fault.ts';
import { startLeash } from './leash.ts';
import { leashedInjection } from './leashed-injection.ts';
import { markedProcesses, markVariable } from './marked-processes.ts';
import { runName } from './run-name.ts';
import { standIn, testHost } from './testing/test-host.ts';
import { revert } from './undo.ts';

/** A fault of which the undo ends a process that stands for it. */
function place(durationMs = 60_000) {
  const run = randomUUID();
  const mark = runName(run);
  const undo = { kind: 'process.end-marked', mark } as const;
  const { host, targets, configFile, ...rest } = testHost({});
  onTestFinished(async () => {
    await revert(undo, { targets, fetch }, AbortSignal.timeout(10_000));
    rest[Symbol.dispose]();
  });
  const plan: Plan = { kind: 'test.fault', target: 'mes', run, effects: [], undo, durationMs };
  const isIn = () => markedProcesses(mark).length > 0;
  const breakIt = async () => {
    const env = { PATH: process.env.PATH, [markVariable]: mark };
    await once(spawn('sleep', ['600'], { env, stdio: 'ignore', detached: true }), 'spawn');
  };
  const lift = () => revert(undo, { targets, fetch }, AbortSignal.timeout(10_000));
  return { plan, host, configFile, isIn, breakIt, lift, undo };
}

const gone = (isIn: () => boolean) =>
  waitFor(() => !isIn(), { what: 'the end of the fault', timeoutMs: 30_000, everyMs: 20 });
const never = new AbortController().signal;

const injected = ({ plan, host, isIn, breakIt, lift }: ReturnType<typeof place>, more: Partial<Host> = {}) =>
  leashedInjection(
    {
      plan,
      host: { ...host, ...more },
      breakIt,
      lift,
      touched: async () => (isIn() ? 1 : 0),
      residue: () => (isIn() ? ['it is still in'] : []),
    },
    never,
  );

test('A leash that is given up in peace undoes nothing, however long the fault has been in.', async () => {
  const at = place();
  await at.breakIt();
  const leash = await at.host.leash(at.plan);
  await systemClock.sleep(4500); // Longer than a lease: the signs of life are what keeps it in.
  expect(at.isIn()).toBe(true);
  await leash[Symbol.asyncDispose]();
  expect(at.isIn()).toBe(true);
  await at.lift();
});

test('A leash without signs of life undoes, and says that it has ended.', async () => {
  const at = place();
  await at.breakIt();
  const mute = { ...systemClock, sleep: () => new Promise<void>(() => {}) };
  const { undo, configFile } = at;
  const leash = await startLeash({ undo, longestMs: 60_000, configFile, self: standIn, clock: mute });
  await gone(at.isIn);
  await leash.ended;
});

test('A leash undoes after the longest time, whatever its runner says.', async () => {
  const at = place();
  await at.breakIt();
  const { undo, configFile } = at;
  const leash = await startLeash({ undo, longestMs: 200, configFile, self: standIn, clock: systemClock });
  await gone(at.isIn);
  await leash.ended;
});

test('A leash that cannot start lets nothing be broken.', async () => {
  const at = place();
  const leash: Host['leash'] = ({ undo }) =>
    startLeash({
      undo,
      longestMs: 1000,
      configFile: at.configFile,
      self: { command: 'false', args: [] },
      clock: systemClock,
    });
  await expect(injected(at, { leash })).rejects.toThrow('the process that limits the fault did not start');
  expect(at.isIn()).toBe(false);
});

test('A leashed fault is in until it is disposed, and then its leash is gone too.', async () => {
  const at = place();
  let pid = 0;
  const leash: Host['leash'] = async (plan) => {
    const started = await at.host.leash(plan);
    pid = started.pid;
    return started;
  };
  const injection = await injected(at, { leash });
  expect([at.isIn(), await injection.touched()]).toEqual([true, 1]);
  await injection[Symbol.asyncDispose]();
  await injection[Symbol.asyncDispose]();
  expect([at.isIn(), await injection.residue()]).toEqual([false, []]);
  expect(() => process.kill(pid, 0)).toThrow();
});

test('A leashed fault that fails halfway is taken back before the failure is told.', async () => {
  const at = place();
  const halfway = async () => {
    await at.breakIt();
    throw new Error('half of it failed');
  };
  await expect(injected({ ...at, breakIt: halfway })).rejects.toThrow('half of it failed');
  expect(at.isIn()).toBe(false);
});

test('A leashed fault that its leash has taken back was lifted by the lease.', async () => {
  const at = place();
  const mute = { ...systemClock, sleep: () => new Promise<void>(() => {}) };
  const leash: Host['leash'] = ({ undo }) =>
    startLeash({ undo, longestMs: 60_000, configFile: at.configFile, self: standIn, clock: mute });
  const injection = await injected(at, { leash });
  expect(await injection.liftedByOthers).toBe('lease');
  expect(at.isIn()).toBe(false);
  await injection[Symbol.asyncDispose]();
});
