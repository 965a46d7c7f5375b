import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { type Role, standardLine } from '../settings.ts';
import { query } from '../testing/query.ts';
import { aCommand, anOrder, aReport, startTestMes, type TestMes } from '../testing/test-mes.ts';

const stack = new AsyncDisposableStack();
let url: string;
let mes: TestMes;

beforeAll(async () => {
  const postgres = stack.use(await startTestPostgres());
  url = await postgres.database('mes');
  mes = stack.use(
    await startTestMes({ database: url, lines: [standardLine('L1', 2)], dispatch_interval_ms: 50 }),
  );
}, 60_000);
afterAll(() => stack.disposeAsync());
beforeEach(async () => {
  // In the order in which the dispatcher takes them: in another one they could wait for each other.
  await query(url, 'TRUNCATE device_quarantines, work_orders, transitions, outbox, idempotency_keys');
  await query(url, "UPDATE work_units SET status = 'idle', current_order = NULL");
  await query(url, "UPDATE devices SET last_heartbeat_at = now() - interval '5 minutes'");
});

const plc = 'L1-U1-PLC';
const call = async (role: Role, method: string, path: string, body?: object) => {
  const response = await fetch(new URL(path, mes.url), {
    method,
    headers: { authorization: `Bearer ${role}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const put = (body: object = {}, role: Role = 'maintainer', device = plc) =>
  call(role, 'PUT', `/devices/${device}/quarantine`, { reason: 'it sends nonsense', ...body });
const lift = (more = '', role: Role = 'maintainer') =>
  call(role, 'DELETE', `/devices/${plc}/quarantine${more}`);
const isOut = async () => (await call('operator', 'GET', `/devices/${plc}/quarantine`)).status === 200;

/** Signs of life of both units' devices, so many seconds from now. */
const heard = (inSeconds: number) =>
  mes.post('system', '/heartbeats', {
    line: 'L1',
    devices: ['L1-U1-PLC', 'L1-U2-PLC'].map((id) => ({
      id,
      at: new Date(Date.now() + inSeconds * 1000).toISOString(),
      state: 'not_executing',
    })),
  });
const order = (id: string) => mes.post('system', '/operations-requests', anOrder(id, { line: 'L1' }));
const onUnits = () =>
  query<{ id: string; unit: string }>(
    url,
    "SELECT id, unit FROM work_orders WHERE state = 'dispatched' ORDER BY unit",
  );
const told = async () =>
  (
    await query<{ topic: string }>(url, "SELECT topic FROM outbox WHERE topic LIKE 'device.%' ORDER BY id")
  ).map(({ topic }) => topic);
const until = (what: string, check: () => Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 20_000, everyMs: 20 });

describe('A device in quarantine', () => {
  it('gets no order, by itself or by hand, until it is let back; the other unit works on.', async () => {
    await put();
    await heard(0);
    for (const id of ['A', 'B']) await order(id);
    await until('the dispatch to the other unit', async () => (await onUnits()).length === 1);
    expect((await onUnits())[0]?.unit).toBe('L1-U2');
    const waiting = (await onUnits())[0]?.id === 'A' ? 'B' : 'A';
    const byHand = await mes.post(
      'director',
      `/job-orders/${waiting}/commands`,
      aCommand('dispatch', 1, { unit: 'L1-U1' }),
      'by-hand',
    );
    expect(byHand).toMatchObject({ status: 409, body: { error: { code: 'unit-in-dispatch' } } });
    expect(JSON.stringify(byHand.body)).toContain(`device ${plc} of work unit L1-U1 is in quarantine`);
    expect(await lift()).toMatchObject({ status: 200, body: { id: plc, quarantine: null } });
    await until('the dispatch to both', async () => (await onUnits()).length === 2);
  });

  it('keeps the order that it has, and what is reported there counts.', async () => {
    await heard(0);
    await order('A');
    await order('B');
    await until('the dispatch to both', async () => (await onUnits()).length === 2);
    const mine = (await onUnits()).find(({ unit }) => unit === 'L1-U1')?.id ?? '';
    await put();
    const start = await mes.post('operator', `/job-orders/${mine}/commands`, aCommand('start', 2), 'start');
    expect(start).toMatchObject({ status: 200 });
    const report = aReport(mine, 'L1-U1', 1, { line: 'L1' });
    expect(await mes.post('operator', '/operations', report, 'L1-U1-1')).toMatchObject({
      body: { applied: true },
    });
  });

  it('is shown with the reason and by whom; a second wish changes nothing, and each is told once.', async () => {
    expect(await put()).toMatchObject({ status: 200, body: { quarantine: { actor: 'the maintainer' } } });
    const [first] = [await call('operator', 'GET', '/devices')];
    expect(await put({ reason: 'another', lift_after_heard_s: 1 }, 'leader')).toMatchObject({
      body: { quarantine: { reason: 'it sends nonsense', role: 'maintainer', lift_after_heard_s: null } },
    });
    expect(await call('operator', 'GET', '/devices')).toEqual(first);
    expect(first?.body).toMatchObject([
      { id: plc, quarantine: { reason: 'it sends nonsense' } },
      { quarantine: null },
    ]);
    await lift();
    expect(await lift()).toMatchObject({ status: 200 });
    expect(await told()).toEqual(['device.quarantined', 'device.released']);
  });

  it('stays where a runbook would end only its own quarantine, and this is somebody else’s.', async () => {
    await put({}, 'leader');
    expect(await lift('?mine=true')).toMatchObject({ status: 200 });
    expect(await isOut()).toBe(true);
    expect(await lift('?mine=true', 'leader')).toMatchObject({ status: 200 });
    expect(await isOut()).toBe(false);
  });

  it('comes back by itself when it has been heard without a break for long enough.', async () => {
    await put({ lift_after_heard_s: 60 });
    for (const at of [10, 40]) await heard(at);
    expect(await isOut()).toBe(true);
    // A break: what was heard before it does not count.
    for (const at of [100, 130]) await heard(at);
    expect(await isOut()).toBe(true);
    await heard(160);
    expect(await isOut()).toBe(false);
    expect(await told()).toEqual(['device.quarantined', 'device.released']);
  });

  it('does not come back by itself where it is heard all the time and nobody says that this is enough.', async () => {
    await put();
    for (const at of [10, 40, 70, 100]) await heard(at);
    expect(await isOut()).toBe(true);
  });
});

describe('A quarantine', () => {
  it('is for maintainers and leaders, needs a reason, and a device that exists.', async () => {
    expect(await put({}, 'operator')).toMatchObject({ status: 403 });
    expect(await lift('', 'operator')).toMatchObject({ status: 403 });
    expect(await put({ reason: ' ' })).toMatchObject({ status: 400 });
    expect(await put({}, 'maintainer', 'L7-U1-PLC')).toMatchObject({ status: 404 });
    expect(await isOut()).toBe(false);
    expect((await fetch(new URL('/devices', mes.url))).status).toBe(401);
  });
});
