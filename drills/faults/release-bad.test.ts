import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { routerToken, startTestRouter, type TestRouter } from '../../plant/testing/fake-versions.ts';
import type { Injection } from '../fault.ts';
import { testHost } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { releaseBad } from './release-bad.ts';

let opened: AsyncDisposableStack;
let plant: TestRouter;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  plant = opened.use(await startTestRouter());
});
afterEach(() => opened.disposeAsync());

const never = new AbortController().signal;
const within = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });

function bench(more: object = {}) {
  const target = { kind: 'release', control: plant.router.control, token: routerToken, ...more };
  const { host, targets } = opened.use(testHost({ router: target }));
  const named = { name: 'router', target: targets.router ?? expect.unreachable() };
  const params = (wish: object) => releaseBad.params.parse(wish);
  return {
    demand: () => releaseBad.demand?.(params({}), named, host),
    inject: async (
      run: string,
      wish: object = {},
      changed: object = {},
      signal = never,
    ): Promise<Injection> => {
      const plan = releaseBad.plan(params(wish), named, run, 60_000);
      const injection = await releaseBad.inject(plan, params(wish), named, { ...host, ...changed }, signal);
      opened.defer(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
    undo: (run: string) => {
      const { undo } = releaseBad.plan(params({}), named, run, 60_000);
      return revert(undo, { targets, fetch }, AbortSignal.timeout(10_000));
    },
  };
}

describe('A bad release', () => {
  test('fails what reaches it, counts that, and is gone with its process', async () => {
    const { demand, inject } = bench();
    await demand();
    expect(await plant.versionOf()).toBe('stable');
    const injection = await inject('r1', { version: '2.0-rc.1', fails: 0.5 });
    expect((await plant.state()).candidate).toMatchObject({ version: '2.0-rc.1', share: 1, fails: 0.5 });
    const [bad] = plant.started;
    expect(await plant.versionOf()).toBe('2.0-rc.1');
    expect(await injection.touched()).toBe(0);
    if (bad) bad.answer = 500;
    expect((await plant.ask('T')).status).toBe(500);
    await within('the count', async () => (await injection.touched()) === 1);
    await plant.ask('U');
    await injection[Symbol.asyncDispose]();
    await bad?.exited;
    expect(await plant.versionOf()).toBe('stable');
    expect([await injection.touched(), await injection.residue()]).toEqual([2, []]);
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('that nobody asks anything touches nothing', async () => {
    const injection = await bench().inject('idle');
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test('says who rolled it back', async () => {
    const injection = await bench().inject('rolled');
    const [bad] = plant.started;
    if (bad) bad.answer = 500;
    await plant.ask('T');
    await plant.control('DELETE', '/release/candidate?by=runbook&operation=andon-7-1-do');
    expect(await injection.liftedByOthers).toBe('runbook');
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched(), 'what it failed before the runbook came').toBe(1);
    expect(await injection.residue()).toEqual([]);
  });

  test('is withdrawn by the router when nobody renews it', async () => {
    let frozen = false;
    const sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(frozen ? 3_600_000 : ms, signal);
    const injection = await bench().inject('frozen', {}, { clock: { ...systemClock, sleep } });
    frozen = true;
    await within('the end of the lease', async () => (await plant.state()).candidate === null);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('lease');
    expect(await plant.versionOf()).toBe('stable');
  });

  test('is residue until the undo has withdrawn it, twice or where there is none', async () => {
    const { inject, undo } = bench();
    await undo('none');
    const blocked: typeof fetch = (input, init) =>
      init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
    const injection = await inject('stuck', {}, { fetch: blocked });
    await undo('somebody-else');
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    // Nobody renews it now: residue is looked for over most of what its own lease has left.
    const same = { version: 'bad', holder: 'andon-drill-stuck', share: 1, fails: 0.3 };
    const longer = { ...same, leaseMs: 60_000, renew: true };
    expect(await plant.control('PUT', '/release/candidate', longer)).toMatchObject({ status: 200 });
    expect(await injection.residue()).toEqual(['router still gives version bad to callers']);
    await undo('stuck');
    await undo('stuck');
    expect(await injection.residue()).toEqual([]);
  });

  test('that is stopped while its version starts leaves nothing', async () => {
    const letStart = plant.holdStarts();
    const stop = new AbortController();
    const injecting = expect(bench().inject('early', {}, {}, stop.signal)).rejects.toThrow();
    await within('the start', async () => (await plant.state()).candidate?.state === 'starting');
    stop.abort();
    await injecting;
    letStart();
    expect(await plant.state()).toMatchObject({ candidate: null, leaving: [] });
    expect(await plant.versionOf()).toBe('stable');
  });

  test('is refused with what to do while another is on trial, without token or router, and touches nothing', async () => {
    const other = { version: '3.0', holder: 'the-team', share: 0.1 };
    await plant.control('PUT', '/release/candidate', other);
    const { demand, inject } = bench();
    await expect(demand()).rejects.toMatchObject({ code: 'release.held', mend: expect.any(String) });
    await expect(inject('second')).rejects.toMatchObject({ code: 'release.refused' });
    await expect(bench({ token: 'wrong' }).demand()).rejects.toMatchObject({ code: 'control.token' });
    const [free] = await freePorts(1);
    const gone = bench({ control: `http://127.0.0.1:${free}` });
    await expect(gone.demand()).rejects.toMatchObject({ code: 'release.no-router' });
    await gone.undo('any');
    expect((await plant.state()).candidate).toMatchObject({ holder: 'the-team' });
  });
});

test('A bad release is refused with wrong parameters', () => {
  for (const wrong of [{ share: 0 }, { share: 2 }, { fails: 0 }, { version: '../../etc' }, { fail: 1 }])
    expect(releaseBad.params.safeParse(wrong).success).toBe(false);
});
