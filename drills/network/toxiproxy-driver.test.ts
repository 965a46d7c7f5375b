import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import { drop, never, touchedBy, within } from '../testing/network-holds.ts';
import { connectPeer, startPeer } from '../testing/tcp-peer.ts';
import { startToxiproxyBench, type ToxiproxyBench } from '../testing/toxiproxy-bench.ts';
import { toxiproxyMissing } from '../testing/toxiproxy-server.ts';
import type { Disturbance } from './driver.ts';
import { toxiproxyDriver } from './toxiproxy-driver.ts';

const direction = 'both';
const stack = new AsyncDisposableStack();
let bench: ToxiproxyBench['bench'];

describe.skipIf(toxiproxyMissing)(`Toxiproxy ${toxiproxyMissing ?? ''}`, () => {
  beforeAll(async () => {
    ({ bench } = stack.use(await startToxiproxyBench()));
  });
  afterAll(() => stack.disposeAsync());

  describe.concurrent('cut', () => {
    test('drops what is sent over open and new connections, closes them when it is over, and leaves nothing', async () => {
      const { port, server, hold, roundTrip, state } = await bench();
      const open = await connectPeer(port);
      await within('the relay', () => server.peers.length === 1);
      const cut = hold();
      await cut.set(drop, never);
      open.socket.write('lost');
      const later = await connectPeer(port);
      later.socket.write('lost too');
      await within('both in the count', async () => (await touchedBy(cut)) === 2);
      expect(await cut.residue()).toEqual([
        expect.stringContaining('andon-drill-r1~cut-cut-upstream'),
        expect.stringContaining('andon-drill-r1~cut-cut-downstream'),
      ]);
      await cut.release();
      await Promise.all([open.ended, later.ended]);
      expect(server.peers.map((peer) => peer.received())).toEqual(['', '']);
      await roundTrip();
      expect([await cut.residue(), (await state()).toxics]).toEqual([[], []]);
    });

    test('resets new connections and closes open ones at their next byte', async () => {
      const { port, server, hold, roundTrip } = await bench();
      const open = await connectPeer(port);
      await within('the relay', () => server.peers.length === 1);
      const cut = hold();
      await cut.set({ kind: 'cut', mode: 'reset', direction }, never);
      expect(await touchedBy(cut)).toBe(1);
      open.socket.write('a');
      await open.ended;
      const later = startPeer(port);
      later.socket.write('b');
      expect(await later.closed).toBe('ECONNRESET');
      await cut.release();
      await roundTrip();
    });

    test('rejects: closes what is open, refuses what comes, and the undo enables the proxy again, twice', async () => {
      const { port, server, hold, roundTrip, state, undo } = await bench();
      const open = await connectPeer(port);
      await within('the relay', () => server.peers.length === 1);
      const cut = hold();
      await cut.set({ kind: 'cut', mode: 'reject', direction }, never);
      await open.ended;
      expect(await startPeer(port).closed).toBe('ECONNREFUSED');
      expect(await touchedBy(cut)).toBe(1);
      expect(await cut.residue()).toEqual([expect.stringContaining('disabled')]);
      await undo();
      await undo();
      expect(await cut.residue()).toEqual([]);
      expect(await state()).toMatchObject({ enabled: true, toxics: [] });
      await roundTrip();
    });

    test('goes in and out again and again under one hold, and counts on', async () => {
      const { port, server, hold, state, roundTrip } = await bench();
      const cut = hold();
      for (const round of [1, 2]) {
        await connectPeer(port);
        await within('the relay', () => server.peers.length >= round);
        await cut.set(drop, never);
        expect(await touchedBy(cut)).toBe(round);
        await cut.set(null, never);
        expect([(await state()).toxics, await touchedBy(cut)]).toEqual([[], round]);
        await roundTrip();
      }
      await cut.release();
    });

    test('touches nothing where nobody is connected', async () => {
      const { hold } = await bench();
      const cut = hold();
      await cut.set(drop, never);
      expect(await touchedBy(cut)).toBe(0);
      await cut.release();
    });

    test('of one direction lets the other pass', async () => {
      const { port, server, hold } = await bench();
      const open = await connectPeer(port);
      const cut = hold();
      await cut.set({ kind: 'cut', mode: 'drop', direction: 'downstream' }, never);
      open.socket.write('heard');
      await within('the word', () => server.peers[0]?.received() === 'heard');
      expect(open.bytes()).toBe(0);
      await cut.release();
    });
  });

  describe.concurrent('slows down', () => {
    test('every answer by its latency in both directions, and keeps open connections', async () => {
      const { port, server, hold, roundTrip } = await bench();
      const open = await connectPeer(port);
      const slow = hold('r1', 'latency');
      await slow.set({ kind: 'latency', latencyMs: 200, jitterMs: 20, direction }, never);
      expect(await roundTrip()).toBeGreaterThan(350);
      expect(await touchedBy(slow)).toBeGreaterThan(0);
      await slow.release();
      open.socket.write('alive');
      await within('life', () => server.peers[0]?.received() === 'alive');
    });

    test('to so many bytes a second', async () => {
      const { hold, roundTrip } = await bench();
      const slow = hold('r1', 'bandwidth');
      const word = 'x'.repeat(100_000);
      await slow.set({ kind: 'bandwidth', bytesPerSecond: 200_000, direction: 'upstream' }, never);
      expect(await roundTrip(word)).toBeGreaterThan(300);
      await slow.release();
    });
  });

  test.concurrent('is asked before: a proxy that is not there, or not here', async () => {
    const { demand, named, byHand } = await bench();
    await demand();
    const missing = { ...named, target: { ...named.target, proxy: 'nowhere' } };
    await expect(toxiproxyDriver.demand(missing, { fetch })).rejects.toThrow('has no proxy "nowhere"');
    const elsewhere = await bench(async () =>
      Response.json({ listen: '10.255.0.1:5432', upstream: 'db:5432', enabled: true }),
    );
    await expect(elsewhere.demand()).rejects.toMatchObject({ code: 'toxiproxy.uncounted' });
    expect(byHand).toContain(`/proxies/${named.target.proxy}/toxics/NAME`);
  });
});

test('Toxiproxy cannot lose packets, nor count single bytes, and says so', () => {
  const target = targetSchema.parse({ kind: 'toxiproxy', control: 'http://t:1', proxy: 'p' });
  const why = (disturbance: Disturbance) =>
    toxiproxyDriver.cannot(disturbance, target as TargetOf<'toxiproxy'>);
  expect(why(drop)).toBeUndefined();
  expect(why({ kind: 'loss', ratio: 0.1, direction })).toContain('no packet loss');
  expect(why({ kind: 'bandwidth', bytesPerSecond: 10, direction })).toContain('kilobytes');
  expect(why({ kind: 'cut', mode: 'reject', direction: 'upstream' })).toContain('direction');
});
