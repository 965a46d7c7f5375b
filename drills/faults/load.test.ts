import { randomUUID } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { targetSchema } from '../../kit/targets.ts';
import type { Host, LoadRequest, LoadStarter } from '../fault.ts';
import { markedProcesses } from '../marked-processes.ts';
import { startIdleLoad } from '../testing/marked-load.ts';
import { noLeash } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { load } from './load.ts';

const never = new AbortController().signal;
const target = {
  name: 'mes',
  target: targetSchema.parse({ kind: 'mes', url: 'http://127.0.0.1:1', database: 'mes-db' }),
};

async function crowd(starter: LoadStarter | undefined, durationMs = 60_000, run = randomUUID()) {
  const host: Host = {
    clock: systemClock,
    log: silentLog,
    fetch,
    targets: {},
    load: starter,
    leash: noLeash,
  };
  const params = load.params.parse({ users: 7 });
  const plan = load.plan(params, target, run, durationMs);
  const injection = await load.inject(plan, params, target, host, never);
  onTestFinished(() => revert(plan.undo, { targets: {}, fetch }, AbortSignal.timeout(10_000)));
  return { plan, injection, run };
}

describe('A crowd', () => {
  test('is started with its mark, counted, and ended with all its processes', async () => {
    let asked: LoadRequest | undefined;
    const { plan, injection, run } = await crowd((request, signal) => {
      asked = request;
      return startIdleLoad(request, signal);
    });
    const mark = `andon-drill-${run}`;
    expect(asked).toEqual({ profile: 'terminals', users: 7, durationMs: 60_000, mark });
    expect(plan.undo).toEqual({ kind: 'process.end-marked', mark });
    expect(await injection.touched()).toBe(7);
    await injection[Symbol.asyncDispose]();
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), markedProcesses(mark)]).toEqual([[], []]);
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('that makes no request touches nothing', async () => {
    const { injection } = await crowd(async (request, signal) => {
      const running = await startIdleLoad(request, signal);
      return Object.assign(running, { requests: async () => 0 });
    });
    expect(await injection.touched()).toBe(0);
  });

  test('is reported as residue when its processes do not end, until the undo has ended them', async () => {
    const { plan, injection } = await crowd(async (request, signal) =>
      Object.assign(await startIdleLoad(request, signal), { [Symbol.asyncDispose]: async () => {} }),
    );
    await injection[Symbol.asyncDispose]();
    const residue = await injection.residue();
    expect(residue).toHaveLength(2);
    expect(residue[0]).toMatch(/^process \d+ \(sh\) of the load still runs$/);
    await revert(plan.undo, { targets: {}, fetch }, AbortSignal.timeout(10_000));
    expect(await injection.residue()).toEqual([]);
  });

  test('that ends before its time was ended by its generator; one that ends in time was not', async () => {
    const over: LoadStarter = async () => ({
      requests: async () => 1,
      finished: Promise.resolve(),
      [Symbol.asyncDispose]: async () => {},
    });
    expect(await (await crowd(over, 60_000)).injection.liftedByOthers).toBe('load generator');
    const inTime = (await crowd(over, 100)).injection.liftedByOthers;
    const later = new Promise((resolve) => setImmediate(resolve, 'nobody else'));
    expect(await Promise.race([inTime, later])).toBe('nobody else');
  });

  test('that cannot be had says how to get it, and its size has limits', async () => {
    await expect(crowd(undefined)).rejects.toThrow('no load generator can be had');
    for (const users of [0, 2001, 1.5]) expect(load.params.safeParse({ users }).success).toBe(false);
  });
});
