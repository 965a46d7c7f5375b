import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type TargetOf, targetSchema } from '../../kit/targets.ts';
import { drop, never, within } from '../testing/network-holds.ts';
import { connectPeer } from '../testing/tcp-peer.ts';
import { type ProxyBench, startToxiproxyBench, type ToxiproxyBench } from '../testing/toxiproxy-bench.ts';
import { startToxiproxy, toxiproxyMissing } from '../testing/toxiproxy-server.ts';
import { revert } from '../undo.ts';
import type { Disturbance } from './driver.ts';
import { ToxiproxyClient } from './toxiproxy-client.ts';
import { toxiproxyDriver } from './toxiproxy-driver.ts';

const direction = 'both';
const hardlySlow: Disturbance = { kind: 'latency', latencyMs: 1, jitterMs: 0, direction };
const stack = new AsyncDisposableStack();
let bench: ToxiproxyBench['bench'];

describe.skipIf(toxiproxyMissing)(`A Toxiproxy ${toxiproxyMissing ?? ''}`, () => {
  beforeAll(async () => {
    ({ bench } = stack.use(await startToxiproxyBench()));
  });
  afterAll(() => stack.disposeAsync());

  describe.concurrent('is never left wedged by a client that does not read', () => {
    /** Connects somebody who is sent more than all buffers take, and reads none of it. */
    async function deafClient({ server, port }: ProxyBench) {
      const deaf = await connectPeer(port);
      deaf.socket.pause();
      await within('the relay', () => server.peers.length === 1);
      const upstream = server.peers[0]?.socket;
      const block = Buffer.alloc(1 << 20);
      await within('full buffers', () => {
        upstream?.write(block);
        return (upstream?.writableLength ?? 0) > 20 * block.length;
      });
      return deaf;
    }

    test('who is there before: it is refused, and nothing is touched', async () => {
      const setup = await bench();
      await deafClient(setup);
      const cut = setup.hold();
      await expect(cut.set(drop, never)).rejects.toMatchObject({ code: 'toxiproxy.held-up' });
      expect(await setup.state()).toMatchObject({ enabled: true, toxics: [] });
    });

    test('who comes while it is in: all connections are closed instead, and new ones pass', async () => {
      const setup = await bench();
      const slow = setup.hold('r1', 'latency');
      await slow.set(hardlySlow, never);
      await deafClient(setup);
      await slow.release();
      expect(await setup.state()).toMatchObject({ enabled: true, toxics: [] });
      await setup.roundTrip();
    });

    test('as it would be if the toxic were simply removed', async () => {
      const setup = await bench();
      await setup.hold('r1', 'latency').set(hardlySlow, never);
      await deafClient(setup);
      const client = new ToxiproxyClient(setup.named.target, fetch, 1500);
      await expect(client.remove('andon-drill-r1~latency-latency-downstream')).rejects.toThrow('timeout');
      await expect(client.state()).rejects.toThrow('timeout');
    });
  });

  describe.concurrent('in the hands of others', () => {
    test('says who ended it', async () => {
      const { hold, call } = await bench();
      const cut = hold();
      await cut.set(drop, never);
      await call('DELETE', '/toxics/andon-drill-r1~cut-cut-upstream');
      expect(await cut.renew()).toEqual({ held: false, by: 'others' });
      await cut.release();
    });

    test('that is gone has taken all with it', async () => {
      await using own = await startToxiproxy();
      await own.proxyTo('mine', 1);
      const target = { kind: 'toxiproxy', control: own.control, proxy: 'mine' };
      const named = { name: 'db', target: targetSchema.parse(target) as TargetOf<'toxiproxy'> };
      const host = { fetch, clock: systemClock, log: silentLog };
      const cut = toxiproxyDriver.hold(named, 'andon-drill-r1~cut', host);
      await cut.set(drop, never);
      await own.kill();
      expect(await cut.renew()).toEqual({ held: false, by: 'server' });
      await cut.release();
      await revert(
        toxiproxyDriver.undo(named, 'andon-drill-r1~cut'),
        { targets: { db: named.target }, fetch },
        never,
      );
      expect(await cut.residue()).toEqual([]);
      await expect(toxiproxyDriver.demand(named, { fetch })).rejects.toMatchObject({
        code: 'toxiproxy.no-answer',
        mend: expect.stringContaining('toxiproxy-server'),
      });
    });

    test('keeps toxics and a disabled proxy that are not ours', async () => {
      const { hold, call, state, undo, demand } = await bench();
      await call('POST', '/toxics', { name: 'theirs', type: 'latency', attributes: { latency: 1 } });
      const cut = hold();
      await cut.set(drop, never);
      await call('PATCH', '', { enabled: false });
      await undo();
      expect(await state()).toMatchObject({ enabled: false, toxics: [{ name: 'theirs' }] });
      await expect(demand()).rejects.toMatchObject({ code: 'toxiproxy.disabled' });
      await expect(hold().set(drop, never)).rejects.toMatchObject({ code: 'toxiproxy.disabled' });
      await expect(cut.set(drop, never)).rejects.toMatchObject({ code: 'toxiproxy.ended' });
    });

    test('is refused to a second run, and shared by the faults of one', async () => {
      const { hold, state } = await bench();
      const first = hold('r1');
      await first.set(drop, never);
      const second = hold('r2');
      await expect(second.set(drop, never)).rejects.toMatchObject({ code: 'toxiproxy.held' });
      await second.release();
      const beside = hold('r1', 'latency');
      await beside.set({ kind: 'latency', latencyMs: 1, jitterMs: 0, direction: 'upstream' }, never);
      await first.release();
      expect((await state()).toxics).toMatchObject([{ name: 'andon-drill-r1~latency-latency-upstream' }]);
      await beside.release();
    });

    test('that fails halfway is released as a whole', async () => {
      let posts = 0;
      const { hold, state } = await bench((input, init) =>
        init?.method === 'POST' && ++posts === 2
          ? Promise.reject(new Error('cable in a knot'))
          : fetch(input, init),
      );
      const cut = hold();
      await expect(cut.set(drop, never)).rejects.toThrow('cable in a knot');
      expect((await state()).toxics).toHaveLength(1);
      await cut.release();
      expect((await state()).toxics).toEqual([]);
    });
  });
});
