import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import { keepLease } from '../lease.ts';
import { drop, never, touchedBy, within } from '../testing/network-holds.ts';
import {
  type FarPeer,
  farAddress,
  namespacesMissing,
  startTwoNamespaces,
  type TwoNamespaces,
} from '../testing/network-namespaces.ts';
import { revert } from '../undo.ts';
import type { Disturbance, NetworkHold } from './driver.ts';
import { nftablesDriver } from './nftables-driver.ts';

const direction = 'both';
const host = { fetch, clock: systemClock, log: silentLog };

const named = (peer: Partial<TargetOf<'address'>>) => ({
  name: 'db',
  target: targetSchema.parse({ kind: 'address', ...peer }) as TargetOf<'address'>,
});

const alive = (hold: NetworkHold) =>
  keepLease({
    clock: systemClock,
    durationMs: 60_000,
    renew: async () => (await hold.renew()).held,
    onError: () => {},
  });

describe.skipIf(namespacesMissing).concurrent(`nftables ${namespacesMissing ?? ''}`, () => {
  const stack = new AsyncDisposableStack();
  let two: TwoNamespaces;
  let near: FarPeer;
  let ids = 0;

  beforeAll(async () => {
    two = stack.use(await startTwoNamespaces());
    near = two.near;
  });
  afterAll(() => stack.disposeAsync());

  /** A server of its own on the far side, and who holds the traffic with its port. */
  async function bench(family: 'ipv4' | 'ipv6' = 'ipv4') {
    const peer = farAddress[family];
    const server = `server-${++ids}`;
    two.far.order({ do: 'listen', id: server, host: peer });
    const { port } = await two.far.says('listening', { id: server });
    const target = named({ peer, port, namespace: two.near.namespace });
    const holder = `andon-drill-r${++ids}~cut`;
    const hold = () => nftablesDriver.hold(target, holder, host);
    /** Starts to connect; the server may never answer. */
    const call = () => {
      const id = `client-${++ids}`;
      near.order({ do: 'connect', id, host: peer, port });
      return { id, send: (text: string) => near.order({ do: 'send', id, text }) };
    };
    const connected = async () => {
      const client = call();
      await near.says('connected', { id: client.id });
      return client;
    };
    const bytesOf = ({ id }: { id: string }) =>
      near.said.findLast((one) => one.event === 'got' && one.id === id) as { bytes: number } | undefined;
    const undo = () =>
      revert(nftablesDriver.undo(target, holder), { targets: { db: target.target }, fetch }, never);
    return { target, hold, call, connected, bytesOf, undo };
  }

  test.each(['ipv4', 'ipv6'] as const)(
    'drops what is open and what comes over %s; what waited passes on after it',
    async (family) => {
      const { hold, call, connected, bytesOf } = await bench(family);
      const open = await connected();
      const cut = hold();
      await cut.set(drop, never);
      expect(await touchedBy(cut)).toBe(0);
      open.send('waits');
      const later = call();
      await within('both in the count', async () => (await touchedBy(cut)) >= 2);
      expect([bytesOf(open), near.said.some((one) => 'id' in one && one.id === later.id)]).toEqual([
        undefined,
        false,
      ]);
      expect(await cut.residue()).toEqual([expect.stringContaining('table inet andon_drill_')]);
      await cut.release();
      await within('what waited', () => bytesOf(open)?.bytes === 5);
      await near.says('connected', { id: later.id });
      expect(await cut.residue()).toEqual([]);
    },
  );

  test('refuses new connections and silences open ones, or resets them all', async () => {
    const { hold, call, connected, bytesOf } = await bench();
    const open = await connected();
    const cut = hold();
    await cut.set({ kind: 'cut', mode: 'reject', direction }, never);
    await using _alive = alive(cut);
    await near.says('closed', { id: call().id, how: 'ECONNREFUSED' });
    expect(near.said.filter((one) => 'id' in one && one.id === open.id)).toHaveLength(1);
    open.send('silence');
    const before = await touchedBy(cut);
    await within('the open one in the count', async () => (await touchedBy(cut)) > before);
    await cut.set({ kind: 'cut', mode: 'reset', direction }, never);
    await near.says('closed', { id: open.id, how: 'ECONNRESET' });
    expect(bytesOf(open)).toBeUndefined();
    expect(await touchedBy(cut)).toBeGreaterThan(before);
    await cut.release();
    await connected();
  });

  test('loses packets, which TCP sends again', async () => {
    const { hold, connected, bytesOf } = await bench();
    const cut = hold();
    await cut.set({ kind: 'loss', ratio: 0.3, direction: 'downstream' }, never);
    await using _alive = alive(cut);
    const client = await connected();
    // Once in two thousand times none of twenty answers is lost: then the next one may be.
    for (let sent = 1; sent <= 20 || (await touchedBy(cut)) === 0; sent++) {
      client.send('word');
      await within('the word, sent again', () => bytesOf(client)?.bytes === sent * 4);
    }
    expect(await touchedBy(cut)).toBeGreaterThan(0);
    await cut.release();
  });

  test('lets no more bytes pass than said', async () => {
    const { hold, connected, bytesOf } = await bench();
    const cut = hold();
    const since = performance.now();
    await cut.set({ kind: 'bandwidth', bytesPerSecond: 100_000, direction: 'upstream' }, never);
    await using _alive = alive(cut);
    const fast = await connected();
    fast.send('x'.repeat(250_000));
    await within('all of it', () => bytesOf(fast)?.bytes === 250_000);
    // The bucket is full at first: a second's worth of it comes at once.
    expect(performance.now() - since).toBeGreaterThan(1000);
    expect(await touchedBy(cut)).toBeGreaterThan(0);
    await cut.release();
  });

  test('ends by the kernel when the signs of life stop, and a late one brings nothing back', async () => {
    const { hold, connected, bytesOf, undo } = await bench();
    const open = await connected();
    const cut = hold();
    await cut.set(drop, never);
    open.send('waits');
    await within('the end of the lease', () => bytesOf(open)?.bytes === 5);
    expect(await cut.renew()).toEqual({ held: false, by: 'lease' });
    await expect(cut.set(drop, never)).rejects.toThrow('it has ended');
    await connected();
    expect(await cut.residue(), 'a table that does nothing').toHaveLength(1);
    await undo();
    await undo();
    expect([await cut.residue(), await cut.renew()]).toEqual([[], { held: false, by: 'others' }]);
  });

  test('holds on for as long as there are signs of life, in and out, and counts on', async () => {
    const { hold, connected, bytesOf } = await bench();
    const open = await connected();
    const cut = hold();
    let counted = 0;
    for (const round of [1, 2]) {
      await cut.set(drop, never);
      open.send('word');
      await within('a hit more', async () => (await touchedBy(cut)) > counted);
      await cut.set(null, never);
      await within('the word', () => bytesOf(open)?.bytes === round * 4);
      counted = await touchedBy(cut);
    }
    const until = performance.now() + 5000;
    await cut.set(drop, never);
    open.send('kept back');
    await within('more than a lease', async () => (await touchedBy(cut)) >= 0 && performance.now() > until);
    expect(bytesOf(open)?.bytes).toBe(8);
    await cut.release();
    await cut.release();
  });

  test('leaves a fault of the same name alone, and other traffic too', async () => {
    const { hold, target, connected } = await bench();
    const cut = hold();
    await cut.set(drop, never);
    await using _alive = alive(cut);
    const twin = hold();
    await expect(twin.set(drop, never)).rejects.toThrow('this fault is in already');
    await twin.release();
    expect(await cut.residue()).toHaveLength(1);
    const { connected: neighbour } = await bench();
    await neighbour();
    expect(await touchedBy(cut), 'nobody has used the port').toBe(0);
    await cut.release();
    await connected();
    await nftablesDriver.demand(target, host);
  });

  test('takes a namespace that is gone as healed, and asks for one before', async () => {
    const namespace = `andon-test-gone-${process.pid}`;
    execFileSync('ip', ['netns', 'add', namespace]);
    const target = named({ peer: '10.0.0.0/24', namespace });
    const cut = nftablesDriver.hold(target, 'andon-drill-gone~cut', host);
    await cut.set(drop, never);
    execFileSync('ip', ['netns', 'del', namespace]);
    const undo = nftablesDriver.undo(target, 'andon-drill-gone~cut');
    await revert(undo, { targets: { db: target.target }, fetch }, never);
    expect(await cut.residue()).toEqual([]);
    await expect(nftablesDriver.demand(target, host)).rejects.toMatchObject({
      code: 'nftables.no-namespace',
    });
  });

  test('is refused to those without the right to it, with the mend', async () => {
    const driver = JSON.stringify(new URL('./nftables-driver.ts', import.meta.url).href);
    const code = `const { nftablesDriver } = await import(${driver});
      const target = { kind: 'address', peer: '10.0.0.1', drillable: true, production: false };
      await nftablesDriver.demand({ name: 'db', target }, { fetch }).catch((error) => console.log(JSON.stringify(error)));`;
    const nobody = [
      '--reuid',
      '65534',
      '--clear-groups',
      process.execPath,
      '--input-type=module',
      '-e',
      code,
    ];
    const { stdout } = await promisify(execFile)('setpriv', nobody);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'nftables.not-allowed',
      mend: 'Run it as root (sudo), or with the capability CAP_NET_ADMIN.',
    });
  });
});

test('nftables cannot delay, and does not take this computer off the air', () => {
  const why = (disturbance: Disturbance, peer: Partial<TargetOf<'address'>>) =>
    nftablesDriver.cannot(disturbance, named(peer).target);
  expect(why(drop, { peer: '10.0.0.1' })).toBeUndefined();
  expect(why({ kind: 'latency', latencyMs: 1, jitterMs: 0, direction }, { peer: '10.0.0.1' })).toContain(
    'delay',
  );
  for (const peer of ['127.0.0.1', '::1', '0.0.0.0/0', '::/0']) {
    expect(why(drop, { peer }), peer).toBeDefined();
    expect(why(drop, { peer, port: 5432 })).toBeUndefined();
  }
});
