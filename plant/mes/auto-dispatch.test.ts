import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { standardLine } from '../settings.ts';
import { query } from '../testing/query.ts';
import { aCommand, anOrder, startTestMes, type TestMes } from '../testing/test-mes.ts';

let postgres: TestPostgres;
let url: string;
let mes: TestMes;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.database('mes');
  mes = await startTestMes({
    database: url,
    lines: [standardLine('L1', 2), standardLine('L2', 1)],
    dispatch_interval_ms: 50,
  });
});
afterAll(async () => {
  await mes?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const heartbeat = (line: string, units: string[], at: Date, state = 'executing') =>
  mes.post('system', '/heartbeats', {
    line,
    devices: units.map((unit) => ({ id: `${unit}-PLC`, at: at.toISOString(), state })),
  });
const dispatched = async (line: string) =>
  Object.fromEntries(
    (
      await query<{ id: string; unit: string }>(
        url,
        "SELECT id, unit FROM work_orders WHERE line = $1 AND state = 'dispatched' ORDER BY id",
        [line],
      )
    ).map(({ id, unit }) => [id, unit]),
  );
const until = (line: string, expected: Record<string, string>) =>
  waitFor(async () => JSON.stringify(await dispatched(line)) === JSON.stringify(expected), {
    what: `the dispatch of ${JSON.stringify(expected)}`,
    timeoutMs: 20_000,
    everyMs: 20,
  });

describe('Auto-dispatch', () => {
  it('gives idle units with fresh devices the most urgent orders whose material is in place.', async () => {
    const orders: [string, object][] = [
      ['A', { urgency: 0, due_at: '2030-01-02T00:00:00Z' }],
      ['B', { urgency: 0, due_at: '2030-01-01T00:00:00Z' }],
      ['C', { urgency: 5, due_at: '2030-01-09T00:00:00Z' }],
      ['D', { urgency: 9, due_at: '2030-01-01T00:00:00Z', material_ready: false }],
      ['E', { urgency: 9, due_at: '2030-01-01T00:00:00Z', predecessor: 'A' }],
    ];
    for (const [id, more] of orders)
      await mes.post('system', '/operations-requests', anOrder(id, { line: 'L1', ...more }));
    // Line L2 lives, L1 has not been heard yet: what L2 gets shows that the dispatcher has been round.
    await mes.post('system', '/operations-requests', anOrder('Z', { line: 'L2' }));
    await heartbeat('L2', ['L2-U1'], new Date());
    await until('L2', { Z: 'L2-U1' });
    expect(await dispatched('L1')).toEqual({});

    await heartbeat('L1', ['L1-U1', 'L1-U2'], new Date());
    await until('L1', { B: 'L1-U2', C: 'L1-U1' });
    expect(await query(url, "SELECT role FROM transitions WHERE work_order_id = 'C'")).toEqual([
      { role: 'system' },
    ]);
  });

  it('gives a unit its next order when it becomes idle, and none to a unit whose devices went silent.', async () => {
    await heartbeat('L1', ['L1-U2'], new Date());
    await query(
      url,
      "UPDATE devices SET last_heartbeat_at = now() - interval '2 minutes' WHERE id = 'L1-U1-PLC'",
    );
    await mes.post('director', '/job-orders/C/commands', aCommand('abort', 2), 'abort-C');
    await mes.post('director', '/job-orders/B/commands', aCommand('abort', 2), 'abort-B');
    await until('L1', { A: 'L1-U2' });
    expect(await query(url, "SELECT status FROM work_units WHERE id = 'L1-U1'")).toEqual([
      { status: 'idle' },
    ]);
    expect(
      await mes.post('director', '/job-orders/D/commands', aCommand('dispatch', 1, { unit: 'L1-U1' }), 'D'),
    ).toMatchObject({ status: 409 });
  });
});

describe('A heartbeat', () => {
  const device = () => query(url, "SELECT last_heartbeat_at, state FROM devices WHERE id = 'L2-U1-PLC'");

  it('that comes late never overwrites a newer one.', async () => {
    const newer = new Date(Date.now() + 60_000);
    await heartbeat('L2', ['L2-U1'], newer, 'not_executing');
    await heartbeat('L2', ['L2-U1'], new Date(newer.getTime() - 30_000), 'executing');
    expect(await device()).toEqual([{ last_heartbeat_at: newer, state: 'not_executing' }]);
  });

  it('makes an unknown device known, on the unit it is named after, and comes from programs only.', async () => {
    await heartbeat('L9', ['L9-U1'], new Date());
    expect(await query(url, "SELECT line, unit FROM devices WHERE id = 'L9-U1-PLC'")).toEqual([
      { line: 'L9', unit: 'L9-U1' },
    ]);
    expect(await mes.post('operator', '/heartbeats', { line: 'L9', devices: [] })).toMatchObject({
      status: 403,
    });
  });

  it('is awaited from each device of the plant from the start.', async () => {
    const known = await query(url, "SELECT id FROM devices WHERE line IN ('L1', 'L2') ORDER BY id");
    expect(known.map(({ id }) => id)).toEqual(['L1-U1-PLC', 'L1-U2-PLC', 'L2-U1-PLC']);
  });
});
