import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { Silences } from './silences.ts';

const names = ['L1-U1-PLC', 'L1-U2-PLC', 'L2-U1-PLC'];
const wish = (holder: string, leaseMs = 4000) => ({ holder, leaseMs });

describe('Silences', () => {
  let now = 0;
  const clock = { ...systemClock, now: () => now };
  const make = () => new Silences(names, clock);

  it('keep back one device, or all that a name with * means, and count what they keep back.', () => {
    const silences = make();
    expect(silences.silence('L1-U2-PLC', wish('me'))).toEqual({ ok: true });
    expect(silences.heard(names)).toEqual(['L1-U1-PLC', 'L2-U1-PLC']);
    silences.lift('L1-U2-PLC', 'me', 'runner');
    expect(silences.heard(names)).toEqual(names);
    silences.silence('L1-*', wish('me'));
    expect(silences.heard(names)).toEqual(['L2-U1-PLC']);
    expect(silences.describe('L1-*')).toMatchObject({ suppressed: 2, devices: ['L1-U1-PLC', 'L1-U2-PLC'] });
    expect(silences.describe('L1-U2-PLC')).toMatchObject({ silenced: null, lastSilence: { suppressed: 1 } });
    expect(silences.named('L3-*')).toEqual([]);
  });

  it('end by their lease, and a late sign of life makes none again.', () => {
    const silences = make();
    silences.silence('L1-*', wish('me'));
    now += 3999;
    expect(silences.silence('L1-*', { ...wish('me'), renew: true })).toEqual({ ok: true });
    now += 3999;
    expect(silences.heard(names)).toEqual(['L2-U1-PLC']);
    now += 1;
    expect(silences.heard(names)).toEqual(names);
    expect(silences.silence('L1-*', { ...wish('me'), renew: true })).toMatchObject({
      ok: false,
      code: 'device.gone',
      endedBy: 'lease',
    });
  });

  it('are for one holder at a time, and lifted by it or by whoever names nobody.', () => {
    const silences = make();
    silences.silence('L1-*', wish('me'));
    expect(silences.silence('L1-U1-PLC', wish('you'))).toMatchObject({ ok: false, code: 'device.held' });
    expect(silences.silence('L2-U1-PLC', wish('you'))).toEqual({ ok: true });
    silences.lift('L1-*', 'you', 'holder');
    expect(silences.describe('L1-*')).toMatchObject({ silenced: { holder: 'me' } });
    silences.lift('L1-*', undefined, 'runbook');
    expect(silences.silence('L1-*', { ...wish('me'), renew: true })).toMatchObject({ endedBy: 'runbook' });
  });
});

describe('A gateway', () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await TestGateway.beforeFakeMes();
    await gateway.start({ heartbeat_ms: 10 });
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  const heard = () => {
    const last = gateway.mes.heartbeats.at(-1)?.body.devices as { id: string }[] | undefined;
    return (last ?? []).map(({ id }) => id);
  };
  const silence = (device: string, method: string, token = 'maintainer') =>
    fetch(`${gateway.url}/devices/${device}/silence${method === 'DELETE' ? '?holder=me' : ''}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'PUT' ? { body: JSON.stringify(wish('me', 60_000)) } : {}),
    });

  it('tells the MES nothing of a silent device, all of the others, and of it again when it is over.', async () => {
    await gateway.until('all devices', () => heard().length === 2);
    expect((await silence('T-U1-PLC', 'PUT')).status).toBe(200);
    await gateway.until('the silence', () => heard().join() === 'T-U2-PLC');
    await gateway.until('something kept back', async () => {
      const state = (await (await silence('T-U1-PLC', 'GET')).json()) as { suppressed: number };
      return state.suppressed > 1;
    });
    expect((await silence('T-U1-PLC', 'DELETE')).status).toBe(200);
    await gateway.until('all devices', () => heard().length === 2);
  });

  it('lets only those make devices silent who maintain them, and only devices that it has.', async () => {
    expect((await silence('T-U1-PLC', 'PUT', 'operator')).status).toBe(403);
    expect((await silence('T-U1-PLC', 'PUT', 'nobody')).status).toBe(401);
    expect((await silence('T-U9-PLC', 'PUT')).status).toBe(404);
    await gateway.until('all devices', () => heard().length === 2);
  });
});
