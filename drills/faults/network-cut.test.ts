import { describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Target, targetSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Host, Injection } from '../fault.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { type RunningLinks, startLinks } from '../proxy/link-server.ts';
import { connectPeer, type PeerServer, startPeerServer } from '../testing/tcp-peer.ts';
import { noLeash } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { networkCut } from './network-cut.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const never = new AbortController().signal;
const within = <T>(what: string, check: () => Promise<T | false> | T | false) =>
  waitFor(check, { what, timeoutMs: 10_000, everyMs: 10 });

interface Bench extends AsyncDisposable {
  links: RunningLinks;
  server: PeerServer;
  port: number;
  target: Target & { kind: 'link' };
  client: LinkClient;
  cut(run: string, host?: Partial<Host>, wish?: object): Promise<Injection>;
}

async function bench(): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startPeerServer());
  const upstream = { ...anyPort, port: server.port };
  const deps = { clock: systemClock, log: silentLog };
  const links = stack.use(
    await startLinks({ listen: anyPort, links: [{ name: 'db', listen: anyPort, upstream }] }, deps),
  );
  const target = targetSchema.parse({ kind: 'link', control: links.url, link: 'db' }) as Bench['target'];
  const opened = stack.move();
  return {
    links,
    server,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
    target,
    port: links.links[0]?.port ?? 0,
    client: new LinkClient(target, fetch),
    async cut(run, host = {}, wish = {}) {
      const params = networkCut.params.parse(wish);
      const named = { name: 'mes-db-link', target };
      const plan = networkCut.plan(params, named, run, 60_000);
      const whole: Host = { ...deps, fetch, targets: { 'mes-db-link': target }, leash: noLeash, ...host };
      const injection = await networkCut.inject(plan, params, named, whole, never);
      opened.defer(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
  };
}

const undoOf = (run: string) =>
  ({ kind: 'link.restore', target: 'mes-db-link', holder: `andon-drill-${run}` }) as const;

describe.concurrent('A network cut', () => {
  test('hits what is open and what comes, and leaves nothing behind', async () => {
    await using setup = await bench();
    const { port, server, client, cut } = setup;
    const open = await connectPeer(port);
    await within('the relay', () => server.peers.length === 1);
    const injection = await cut('r1');
    expect((await client.state()).cut).toMatchObject({ mode: 'drop', holder: 'andon-drill-r1' });
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
    await using setup = await bench();
    const { cut } = setup;
    const injection = await cut('idle', {}, { mode: 'reset' });
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test('is renewed beyond its lease, and healed by the proxy when the renewals stop', async () => {
    await using setup = await bench();
    const { client, cut } = setup;
    let frozen = false;
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(frozen ? 3_600_000 : ms, signal),
    };
    const injection = await cut('frozen', { clock });
    const end = (await client.state()).cut?.expiresAt ?? '';
    await within('two renewals', async () => {
      const later = (await client.state()).cut?.expiresAt ?? '';
      return Date.parse(later) - Date.parse(end) > 1500;
    });
    frozen = true;
    await within('the end of the lease', async () => (await client.state()).cut === null);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('lease');
    expect((await client.state()).cut, 'a late sign of life does not cut again').toBeNull();
  });

  test('says so when someone else has healed the link', async () => {
    await using setup = await bench();
    const { client, cut } = setup;
    const injection = await cut('healed');
    await client.restore('andon-drill-healed', 'runbook');
    expect(await injection.liftedByOthers).toBe('runbook');
  });

  test('is refused while another run holds the link', async () => {
    await using setup = await bench();
    const { cut } = setup;
    await cut('first');
    await expect(cut('second')).rejects.toThrow('link db is cut by andon-drill-first already');
  });

  test('is reported as residue when it cannot be taken back, until the undo has done it', async () => {
    await using setup = await bench();
    const { links, client, target, cut } = setup;
    const blocked: typeof fetch = (input, init) =>
      init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
    const injection = await cut('stuck', { fetch: blocked });
    await client.cut({ mode: 'drop', holder: 'andon-drill-stuck', leaseMs: 60_000, renew: true });
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    expect(await injection.residue()).toEqual(['mes-db-link is still cut (drop) by andon-drill-stuck']);
    const deps = { targets: { 'mes-db-link': target }, fetch };
    await revert(undoOf('stuck'), deps, AbortSignal.timeout(10_000));
    expect(await injection.residue()).toEqual([]);
    await links[Symbol.asyncDispose]();
    expect(await injection.residue(), 'nothing is proven by silence').toEqual([
      expect.stringContaining('whether the cut of mes-db-link is left behind cannot be told'),
    ]);
    await revert(undoOf('stuck'), deps, AbortSignal.timeout(10_000));
  });

  test('of a stranger is not taken back by the undo', async () => {
    await using setup = await bench();
    const { client, target } = setup;
    await client.cut({ mode: 'drop', holder: 'stranger', leaseMs: 60_000 });
    await revert(undoOf('mine'), { targets: { 'mes-db-link': target }, fetch }, AbortSignal.timeout(10_000));
    expect((await client.state()).cut?.holder).toBe('stranger');
  });

  test('plans every effect in words and the undo as data', () => {
    const target = targetSchema.parse({ kind: 'link', control: 'http://127.0.0.1:8474', link: 'db' });
    const plan = networkCut.plan({ mode: 'reset' }, { name: 'mes-db-link', target }, 'r1', 1000);
    expect(plan.undo).toEqual(undoOf('r1'));
    expect(plan.effects.join(' ')).toContain('cut link db (reset): open connections and new ones are reset');
    expect(networkCut.params.safeParse({ mode: 'saw' }).success).toBe(false);
  });
});
