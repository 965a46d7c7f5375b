import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { TestGateway } from '../../plant/testing/test-gateway.ts';
import type { Injection } from '../fault.ts';
import { startLinks } from '../proxy/link-server.ts';
import { connectPeer, startPeerServer } from '../testing/tcp-peer.ts';
import { testHost } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { freezable } from './db/testing/database-place.ts';
import { GatewayClient } from './device-silence/gateway-client.ts';
import { deviceSilence } from './device-silence.ts';

const opened = new AsyncDisposableStack();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = opened.use(await TestGateway.beforeFakeMes());
  await gateway.start({ heartbeat_ms: 10 });
});
afterAll(() => opened.disposeAsync());

const never = new AbortController().signal;
const within = (what: string, check: () => Promise<boolean> | boolean) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });
const heard = () => {
  const last = gateway.mes.heartbeats.at(-1)?.body.devices as { id: string }[] | undefined;
  return (last ?? []).map(({ id }) => id).join();
};
const all = 'T-U1-PLC,T-U2-PLC';

function bench(device: string, more: object = {}) {
  const target = { kind: 'device', control: gateway.url, device, token: 'maintainer', ...more };
  const { host, targets } = opened.use(testHost({ plc: target }));
  const named = { name: 'plc', target: targets.plc ?? expect.unreachable() };
  return {
    targets,
    demand: () => deviceSilence.demand?.({}, named, host),
    inject: async (run: string, changed: object = {}): Promise<Injection> => {
      const plan = deviceSilence.plan({}, named, run, 60_000);
      const injection = await deviceSilence.inject(plan, {}, named, { ...host, ...changed }, never);
      opened.defer(() => injection[Symbol.asyncDispose]().then(null, () => {}));
      return injection;
    },
    undo: (run: string) => {
      const { undo } = deviceSilence.plan({}, named, run, 60_000);
      return revert(undo, { targets, fetch }, AbortSignal.timeout(10_000));
    },
    /** Renews a silence for a minute, as nobody does in service. */
    prolong: (holder: string) => {
      const client = new GatewayClient(named.target as TargetOf<'device'>, fetch);
      return client.silence({ holder, leaseMs: 60_000, renew: true });
    },
  };
}

describe('The silence of a device', () => {
  test('keeps its heartbeats back and no others, counts them, and leaves nothing behind', async () => {
    const { demand, inject } = bench('T-U1-PLC');
    await demand();
    const injection = await inject('one');
    await within('the silence', () => heard() === 'T-U2-PLC');
    await within('a count', async () => (await injection.touched()) > 2);
    await expect(demand(), 'somebody has it').rejects.toMatchObject({ code: 'device.held' });
    await injection[Symbol.asyncDispose]();
    await within('all devices', () => heard() === all);
    expect(await injection.touched()).toBeGreaterThan(2);
    expect(await injection.residue()).toEqual([]);
  });

  test('hits many devices that one name means', async () => {
    const { inject } = bench('T-*');
    const injection = await inject('many');
    const sent = gateway.mes.heartbeats.length;
    await within('a count', async () => (await injection.touched()) > 10);
    expect(gateway.mes.heartbeats.length - sent).toBeLessThan(10);
    await injection[Symbol.asyncDispose]();
    await within('all devices', () => heard() === all);
  });

  test('touches nothing while no heartbeat is due', async () => {
    await using slow = await TestGateway.beforeFakeMes();
    await slow.start({ heartbeat_ms: 3_600_000 });
    await within('the only heartbeat', () => slow.mes.heartbeats.length > 0);
    const injection = await bench('T-*', { control: slow.url }).inject('idle');
    await injection[Symbol.asyncDispose]();
    expect(await injection.touched()).toBe(0);
  });

  test('ends at the gateway when nobody renews it, and says so', async () => {
    const { clock, freeze } = freezable();
    const { inject } = bench('T-U1-PLC');
    const injection = await inject('frozen', { clock });
    await within('the silence', () => heard() === 'T-U2-PLC');
    freeze();
    await within('the end of the lease', () => heard() === all);
    await injection.touched();
    expect(await injection.liftedByOthers).toBe('lease');
  });

  test('is residue until the undo has ended it, twice or where there is none', async () => {
    const { inject, undo, prolong } = bench('T-U2-PLC');
    const blocked: typeof fetch = (input, init) =>
      init?.method === 'DELETE' ? Promise.reject(new Error('cable in a knot')) : fetch(input, init);
    const injection = await inject('stuck', { fetch: blocked });
    await undo('somebody-else');
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    // Nobody renews it now: residue is looked for over most of what its own lease has left.
    expect(await prolong('andon-drill-stuck')).toMatchObject({ ok: true });
    expect(await injection.residue()).toEqual(['plc is still silent for andon-drill-stuck']);
    await undo('stuck');
    await undo('stuck');
    expect(await injection.residue()).toEqual([]);
  });

  test('is refused with what to do where token, device or gateway are wrong, and touches nothing', async () => {
    for (const [wrong, code] of [
      [{ token: 'operator' }, 'control.token'],
      [{ device: 'T-U9-PLC' }, 'device.no-gateway'],
      [{ control: 'http://127.0.0.1:9' }, 'device.no-gateway'],
    ] as const) {
      const { demand } = bench('T-U1-PLC', wrong);
      await expect(demand()).rejects.toMatchObject({ code, mend: expect.any(String) });
    }
    await within('all devices', () => heard() === all);
  });
});

test('A device with a network of its own falls silent like one whose cable is pulled', async () => {
  const server = opened.use(await startPeerServer());
  const any = { host: '127.0.0.1', port: 0 };
  const links = opened.use(
    await startLinks(
      {
        listen: any,
        links: [{ name: 'plc', listen: any, upstream: { ...any, port: server.port }, protocol: 'tcp' }],
      },
      { clock: systemClock, log: silentLog },
    ),
  );
  const { host, targets } = opened.use(
    testHost({ cable: { kind: 'link', control: links.url, link: 'plc' } }),
  );
  const named = { name: 'cable', target: targets.cable ?? expect.unreachable() };
  const { socket } = await connectPeer(links.links[0]?.port ?? 0);
  await within('the relay', () => server.peers.length === 1);
  const plan = deviceSilence.plan({}, named, 'pulled', 60_000);
  await deviceSilence.demand?.({}, named, host);
  const injection = await deviceSilence.inject(plan, {}, named, host, never);
  socket.write('alive');
  await within('a touch', async () => (await injection.touched()) === 1);
  expect(server.peers[0]?.received()).toBe('');
  await injection[Symbol.asyncDispose]();
  await within('life', () => server.peers[0]?.received() === 'alive');
  expect(await injection.residue()).toEqual([]);
  socket.destroy();
});
