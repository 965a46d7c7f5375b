import { describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { waitFor } from '../../kit/wait.ts';
import { startOneLink } from '../testing/one-link.ts';
import { connectPeer } from '../testing/tcp-peer.ts';
import { revert } from '../undo.ts';
import { networkCut } from './network-cut.ts';

const within = <T>(what: string, check: () => Promise<T | false> | T | false) =>
  waitFor(check, { what, timeoutMs: 30_000, everyMs: 10 });

const undoOf = (run: string) =>
  ({ kind: 'link.restore', target: 'mes-db-link', holder: `andon-drill-${run}~cut` }) as const;

describe.concurrent('A network cut', () => {
  test('hits what is open and what comes, and leaves nothing behind', async () => {
    await using setup = await startOneLink();
    const { port, server, client, inject } = setup;
    const open = await connectPeer(port);
    await within('the relay', () => server.peers.length === 1);
    const injection = await inject(networkCut, { run: 'r1' });
    expect(await client.residue('andon-drill-r1')).toEqual(['cut by andon-drill-r1~cut']);
    expect(await injection.touched()).toBe(1);
    await connectPeer(port);
    await within('the second connection in the count', async () => (await injection.touched()) === 2);
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([2, []]);
    open.socket.write('alive');
    await within('life', () => server.peers[0]?.received() === 'alive');
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('that nobody uses touches nothing', async () => {
    await using setup = await startOneLink();
    const { inject } = setup;
    const injection = await inject(networkCut, { run: 'idle', with: { mode: 'reset' } });
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test('is renewed beyond its lease, and healed by the proxy when the renewals stop', async () => {
    await using setup = await startOneLink();
    const { client, inject } = setup;
    let frozen = false;
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(frozen ? 3_600_000 : ms, signal),
    };
    const injection = await inject(networkCut, { run: 'frozen', host: { clock } });
    const expiry = async () => (await client.state()).holds[0]?.expiresAt ?? '';
    const end = await expiry();
    await within('two renewals', async () => {
      return Date.parse(await expiry()) - Date.parse(end) > 1500;
    });
    frozen = true;
    await within('the end of the lease', async () => (await client.state()).holds.length === 0);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('lease');
    expect((await client.state()).holds, 'a late sign of life does not cut again').toEqual([]);
  });

  test('says so when someone else has healed the link', async () => {
    await using setup = await startOneLink();
    const { client, inject } = setup;
    const injection = await inject(networkCut, { run: 'healed' });
    await client.release('andon-drill-healed', 'runbook');
    expect(await injection.liftedByOthers).toBe('runbook');
  });

  test('is refused while another run holds the link', async () => {
    await using setup = await startOneLink();
    const { inject } = setup;
    await inject(networkCut, { run: 'first' });
    await expect(inject(networkCut, { run: 'second' })).rejects.toThrow(
      'link db is held by andon-drill-first~cut already',
    );
  });

  test('is reported as residue when it cannot be taken back, until the undo has done it', async () => {
    await using setup = await startOneLink();
    const { links, client, target, inject } = setup;
    const blocked: typeof fetch = (input, init) =>
      init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
    const injection = await inject(networkCut, { run: 'stuck', host: { fetch: blocked } });
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    // After the last renewal of the injection, which would make the lease short again.
    await client.renew({ holder: 'andon-drill-stuck~cut', leaseMs: 60_000 });
    expect(await injection.residue()).toEqual([
      'mes-db-link is still disturbed: cut by andon-drill-stuck~cut',
    ]);
    const deps = { targets: { 'mes-db-link': target }, fetch };
    await revert(undoOf('stuck'), deps, AbortSignal.timeout(10_000));
    expect(await injection.residue()).toEqual([]);
    await links[Symbol.asyncDispose]();
    expect(await injection.residue(), 'nothing is proven by silence').toEqual([
      expect.stringContaining('whether network.cut on mes-db-link is left behind cannot be told'),
    ]);
    await revert(undoOf('stuck'), deps, AbortSignal.timeout(10_000));
  });

  test('of a stranger is not taken back by the undo', async () => {
    await using setup = await startOneLink();
    const { client, target } = setup;
    const disturbance = { kind: 'cut', mode: 'drop', direction: 'both' } as const;
    await client.hold({ holder: 'stranger', disturbance, leaseMs: 60_000 });
    await revert(undoOf('mine'), { targets: { 'mes-db-link': target }, fetch }, AbortSignal.timeout(10_000));
    expect(await client.residue('stranger')).toEqual(['cut by stranger']);
  });

  test('plans every effect in words and the undo as data', async () => {
    await using setup = await startOneLink();
    const plan = setup.plan(networkCut, { run: 'r1', with: { mode: 'reset' } });
    expect(plan.undo).toEqual(undoOf('r1'));
    expect(plan.effects.join(' ')).toContain(
      'disturb link db: cut (reset) in both directions: open connections and new ones are reset',
    );
    const sideways = { run: 'r1', with: { mode: 'reset', direction: 'upstream' } };
    expect(() => setup.plan(networkCut, sideways)).toThrow(
      /cannot be done to mes-db-link \(a link\): a reset ends/,
    );
    expect(networkCut.params.safeParse({ mode: 'saw' }).success).toBe(false);
  });
});
