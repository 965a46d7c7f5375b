import { spawn } from 'node:child_process';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { processTable, treeOf } from '../../kit/process/process-table.ts';
import { startTimeOf } from '../../kit/process-identity.ts';
import { type SmallService, startSmallService } from '../../kit/testing/small-service.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Fault, Host, Injection } from '../fault.ts';
import { testHost } from '../testing/test-host.ts';
import { revert, type Undo } from '../undo.ts';
import { processKill } from './process-kill.ts';
import { processPause } from './process-pause.ts';
import { processRestart } from './process-restart.ts';

const faults: readonly Fault[] = [processKill, processPause, processRestart];
const never = new AbortController().signal;
const noHurry = () => AbortSignal.timeout(30_000);
const within = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 20_000 });
const pidIn = ({ pidFile }: SmallService) => Number(readFileSync(pidFile, 'utf8'));
const statesOf = (pid: number) => treeOf(pid, processTable()).map(({ state }) => state);

/** Everything a test needs to do one fault to one target. */
function faultOn(
  kind: string,
  target: Record<string, unknown>,
  wish: object = {},
  more: (host: Host) => Partial<Host> = () => ({}),
) {
  const { host, targets, ...folder } = testHost({ service: target });
  const fault = faults.find((one) => one.kind === kind) ?? expect.fail();
  const named = { name: 'service', target: targets.service ?? expect.fail() };
  const params = fault.params.parse(wish);
  const plan = fault.plan(params, named, `test-${kind}`, 60_000);
  return {
    plan,
    inject: (signal = never): Promise<Injection> =>
      fault.inject(plan, params, named, { ...host, ...more(host) }, signal),
    demand: () => fault.demand?.(params, named, host),
    undo: (undo: Undo = plan.undo) => revert(undo, { targets, fetch }, noHurry()),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

describe.concurrent('Killing a process', () => {
  test('ends it once, and starts it again at the end when nobody has.', async () => {
    await using service = await startSmallService();
    const before = await service.answering();
    using fault = faultOn('process.kill', service.target);
    await fault.demand();
    const injection = await fault.inject();
    expect([await service.answer(), startTimeOf(before)]).toEqual([undefined, undefined]);
    expect(await injection.touched()).toBe(1);
    expect(await injection.residue()).toEqual(['service does not live']);
    await injection[Symbol.asyncDispose]();
    expect(await injection.residue()).toEqual([]);
    expect(await service.answering()).not.toBe(before);
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
    const after = pidIn(service);
    await fault.undo();
    await fault.undo();
    expect(pidIn(service), 'an undo leaves alone what lives').toBe(after);
  });

  test('says that others have started it, and leaves theirs alone.', async () => {
    await using service = await startSmallService();
    using fault = faultOn('process.kill', service.target);
    await using injection = await fault.inject();
    const [command = '', ...args] = service.target.start;
    spawn(command, args, { detached: true, stdio: 'ignore' }).unref();
    expect(await injection.liftedByOthers).toBe('others');
    const theirs = await service.answering();
    await injection[Symbol.asyncDispose]();
    expect([await service.answering(), await injection.touched()]).toEqual([theirs, 1]);
  });

  test('asks politely with TERM, and kills what does not listen.', async () => {
    await using service = await startSmallService('stubborn');
    using fault = faultOn('process.kill', service.target, { signal: 'TERM', grace: '300ms' });
    await using injection = await fault.inject();
    expect([await service.answer(), await injection.touched()]).toEqual([undefined, 1]);
  });

  test('that is interrupted halfway leaves the service running, not one that is about to stop.', async () => {
    await using service = await startSmallService('slow');
    const before = await service.answering();
    const stop = new AbortController();
    const wish = { signal: 'TERM', grace: '10s' };
    // It is asked to stop as soon as the leash is there, and takes its time.
    using fault = faultOn('process.kill', service.target, wish, ({ leash }) => ({
      leash: async (plan) => {
        const held = await leash(plan);
        setImmediate(() => stop.abort(new Error('stopped')));
        return held;
      },
    }));
    await expect(fault.inject(stop.signal)).rejects.toThrow('stopped');
    await within('another life', async () => ![undefined, before].includes(await service.answer()));
  });
});

describe.concurrent('Restarting a process', () => {
  test('leaves another life of it, and is over by itself.', async () => {
    await using service = await startSmallService();
    const before = await service.answering();
    using fault = faultOn('process.restart', service.target);
    await using injection = await fault.inject();
    expect(await injection.liftedByOthers).toBe('its own restart');
    expect(await injection.touched()).toBe(1);
    const after = await service.answering();
    expect(after).not.toBe(before);
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), pidIn(service)]).toEqual([[], after]);
  });

  test('keeps it down for the time that was asked for.', async () => {
    await using service = await startSmallService();
    const asked = Promise.withResolvers<void>();
    // Its time goes on only when it was seen to be down, however late that is.
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => asked.promise.then(() => systemClock.sleep(ms, signal)),
    };
    using fault = faultOn('process.restart', service.target, { down: '1500ms' }, () => ({ clock }));
    const begin = performance.now();
    await using injection = await fault.inject();
    expect(await service.answer()).toBeUndefined();
    asked.resolve();
    expect(await injection.liftedByOthers).toBe('its own restart');
    expect(performance.now() - begin).toBeGreaterThan(1500);
    await service.answering();
  });
});

describe.concurrent('Pausing a process', () => {
  test('makes it and its children stand still, and lets all of them run again.', async () => {
    await using service = await startSmallService();
    const pid = await service.answering();
    using fault = faultOn('process.pause', service.target);
    await fault.demand();
    const injection = await fault.inject();
    expect(statesOf(pid)).toEqual(['T', 'T']);
    expect([await service.answer(), await injection.touched()]).toEqual([undefined, 1]);
    expect(await injection.residue()).toHaveLength(2);
    await expect(fault.demand(), 'of what stands still already').rejects.toMatchObject({
      code: 'process.paused-already',
    });
    await injection[Symbol.asyncDispose]();
    expect(await injection.residue()).toEqual([]);
    expect(await service.answering(), 'the same process').toBe(pid);
    await fault.undo();
    await fault.undo();
    expect(statesOf(pid)).not.toContain('T');
  });

  test('notices that somebody else lets it run.', async () => {
    await using service = await startSmallService();
    using fault = faultOn('process.pause', service.target);
    await using injection = await fault.inject();
    for (const { pid } of treeOf(pidIn(service), processTable())) process.kill(pid, 'SIGCONT');
    expect(await injection.liftedByOthers).toBe('others');
  });
});

describe.concurrent('A process that was paused and is restarted by a runbook', () => {
  test('is out until another life of it is there, and leaves nothing to resume.', async () => {
    await using service = await startSmallService();
    const all = treeOf(pidIn(service), processTable());
    using fault = faultOn('process.pause', service.target);
    await using injection = await fault.inject();
    let isOver = false;
    void injection.liftedByOthers.then(() => {
      isOver = true;
    });
    for (const { pid } of all) process.kill(pid, 'SIGKILL');
    await within('its end', () => all.every(({ pid }) => startTimeOf(pid) === undefined));
    expect([isOver, await service.answer()]).toEqual([false, undefined]);
    const [command = '', ...args] = service.target.start;
    spawn(command, args, { detached: true, stdio: 'ignore' }).unref();
    expect(await injection.liftedByOthers).toBe('others');
    const theirs = await service.answering();
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([1, []]);
    expect(await service.answering()).toBe(theirs);
  });
});

describe('A process that may not be stopped', () => {
  const start = ['/bin/true'];
  let service: SmallService;
  beforeAll(async () => {
    service = await startSmallService();
  });
  afterAll(() => service[Symbol.asyncDispose]());
  const refused = async (pid: number | string, code: string) => {
    const file = `${service.pidFile}.other`;
    writeFileSync(file, String(pid));
    const target = { kind: 'process', pid_file: file, start };
    for (const kind of ['process.kill', 'process.pause', 'process.restart']) {
      using fault = faultOn(kind, target);
      await expect(fault.demand()).rejects.toMatchObject({ code, mend: expect.any(String) });
      await expect(fault.inject()).rejects.toMatchObject({ code });
    }
  };

  test('is our own, one that we descend from, or the init process.', async () => {
    for (const pid of [process.pid, process.ppid, 1]) await refused(pid, 'process.own');
  });

  test('is none: an id of nobody, or no number.', async () => {
    const ended = spawn('true');
    await within('its end', () => startTimeOf(ended.pid ?? 0) === undefined);
    for (const pid of [ended.pid ?? 0, 'postgres', '']) await refused(pid, 'process.not-running');
  });

  test('is another than the one whose id was written down: its id has been used again.', async () => {
    const file = `${service.pidFile}.old`;
    writeFileSync(file, String(pidIn(service)));
    using fault = faultOn('process.kill', { kind: 'process', pid_file: file, start });
    await fault.demand();
    utimesSync(file, new Date(), new Date(Date.now() - 60_000));
    await expect(fault.demand()).rejects.toMatchObject({ code: 'process.not-running' });
  });

  test('has no command that would start it again.', async () => {
    using fault = faultOn('process.kill', { ...service.target, start: ['/no/such/program'] });
    await expect(fault.demand()).rejects.toMatchObject({ code: 'process.no-start' });
  });
});

test('What cannot be started again is named, with what to do, and the undo may be tried again.', async () => {
  await using service = await startSmallService();
  using broken = faultOn('process.kill', { ...service.target, start: ['/bin/false'] });
  const pid = await service.answering();
  using right = faultOn('process.kill', service.target);
  process.kill(pid, 'SIGKILL');
  await within('its end', () => startTimeOf(pid) === undefined);
  await expect(broken.undo()).rejects.toMatchObject({
    code: 'process.start',
    message: expect.stringContaining('exit code 1'),
    mend: expect.stringContaining('service: start: in andon.yaml'),
  });
  await Promise.all([right.undo(), right.undo(), right.undo()]);
  await service.answering();
});
