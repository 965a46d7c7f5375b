import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { callMes } from '../mes-client.ts';
import { query } from '../testing/query.ts';
import { anOrder, aReport, runningOrder, startTestMes, type TestMes } from '../testing/test-mes.ts';
import { commands } from './transitions.ts';

let postgres: TestPostgres;
let url: string;
let mes: TestMes;

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.database('mes');
  mes = await startTestMes({ database: url });
});
afterAll(async () => {
  await mes?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const order = (id: string) =>
  query(url, 'SELECT * FROM work_orders WHERE id = $1', [id]).then(([row]) => row);
describe('A report', () => {
  it('is booked once, however often it is sent, and it counts.', async () => {
    await runningOrder(mes, 'WO-rep', 'T-rep');
    const send = (seq: number, more = {}) =>
      mes.post('operator', '/operations', aReport('WO-rep', 'T-rep', seq, more), `T-rep-${seq}`);
    expect(await send(1)).toEqual({ status: 200, body: { op_id: 'T-rep-1', applied: true } });
    expect(await send(1)).toEqual({ status: 200, body: { op_id: 'T-rep-1', applied: false } });
    const atOnce = await Promise.all([1, 2, 3, 4].map(() => send(2, { result: 'rework' })));
    expect(atOnce.filter(({ body }) => (body as { applied: boolean }).applied)).toHaveLength(1);
    expect(await order('WO-rep')).toMatchObject({ reported: 2, good: 1, rework: 1, version: 3 });
    expect(await query(url, "SELECT topic FROM outbox WHERE op_id LIKE 'T-rep-%'")).toHaveLength(2);
  });

  it('that is replayed never overwrites a newer value.', async () => {
    await runningOrder(mes, 'WO-old', 'T-old');
    const send = (seq: number, more = {}) =>
      mes.post('operator', '/operations', aReport('WO-old', 'T-old', seq, more), `T-old-${seq}`);
    await send(5);
    await send(3, { recovered: true });
    const unit = () =>
      query(url, "SELECT last_seq::int, last_op_id, last_device_ts FROM work_units WHERE id = 'T-old'");
    const newest = {
      last_seq: 5,
      last_op_id: 'T-old-5',
      last_device_ts: new Date('2030-01-01T00:00:05.000Z'),
    };
    expect(await unit()).toEqual([newest]);
    await send(6);
    expect(await unit()).toMatchObject([{ last_seq: 6, last_op_id: 'T-old-6' }]);
    expect(
      await query(url, "SELECT seq::int, recovered FROM operations WHERE source = 'T-old' ORDER BY id"),
    ).toEqual([
      { seq: 5, recovered: false },
      { seq: 3, recovered: true },
      { seq: 6, recovered: false },
    ]);
  });

  it('of an order that does not run is refused, unless it is a replay of what has happened.', async () => {
    await mes.post('director', '/operations-requests', anOrder('WO-idle'));
    const send = (seq: number, more = {}) =>
      mes.post('operator', '/operations', aReport('WO-idle', 'T-idle', seq, more), `T-idle-${seq}`);
    expect(await send(1)).toMatchObject({ status: 409, body: { error: { code: 'not-running' } } });
    expect(await send(1, { recovered: true })).toMatchObject({ status: 200, body: { applied: true } });
    expect(
      await mes.post('operator', '/operations', aReport('WO-none', 'T-idle', 2), 'T-idle-2'),
    ).toMatchObject({ status: 404 });
    expect(await mes.post('operator', '/operations', aReport('WO-idle', 'T-idle', 3), 'other')).toMatchObject(
      { status: 400 },
    );
    expect(
      await mes.post('director', '/operations', aReport('WO-idle', 'T-idle', 3), 'T-idle-3'),
    ).toMatchObject({ status: 403 });
  });

  it('whose sender went away while a lock held it is booked all the same, and his repetition changes nothing.', async () => {
    await runningOrder(mes, 'WO-lock', 'T-lock');
    const blocker = new pg.Client({ connectionString: url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
    const gone = new AbortController();
    const send = (signal?: AbortSignal) =>
      callMes(
        { url: mes.url, token: 'operator' },
        {
          ...{ method: 'POST', path: '/operations', key: 'T-lock-1', timeoutMs: 30_000 },
          ...{ body: aReport('WO-lock', 'T-lock', 1), ...(signal && { signal }) },
        },
      );
    const unanswered = expect(send(gone.signal)).rejects.toThrow('he went away');
    const held = () =>
      query(url, "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%operations%'");
    await waitFor(async () => (await held()).length === 1, { what: 'the wait', timeoutMs: 20_000 });
    gone.abort(new Error('he went away'));
    await unanswered;
    await blocker.query('COMMIT');
    await blocker.end();
    const booked = () => query(url, "SELECT FROM operations WHERE op_id = 'T-lock-1'");
    await waitFor(async () => (await booked()).length === 1, { what: 'the report', timeoutMs: 20_000 });
    expect(await send()).toMatchObject({ body: { applied: false } });
    expect(await booked()).toHaveLength(1);
    const stats = (await mes.get('/-/stats')).body as { operations: { report: { failed: number } } };
    expect(stats.operations.report.failed).toBe(1);
  });
});

describe('The MES', () => {
  it('counts operations, failures and waiting times, and shows its pool.', async () => {
    const stats = (await mes.get('/-/stats')).body as {
      operations: Record<
        string,
        {
          total: number;
          failed: number;
          wait: { buckets: { le: number; count: number }[]; sum: number; count: number };
        }
      >;
      pool: object;
    };
    expect(Object.keys(stats.operations)).toEqual(['report', 'request', ...commands]);
    const { total, wait } = stats.operations.start ?? { total: 0 };
    expect(total).toBeGreaterThan(0);
    expect(wait?.count).toBe(total);
    const counts = wait?.buckets.map(({ count }) => count) ?? [];
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(stats.operations.qc_pass?.failed).toBe(0);
    expect(stats.pool).toMatchObject({ max: 20, waiting: 0 });
  });

  it('compares its stock at any moment.', async () => {
    const now = (await mes.get('/stock')).body as { quantity: number }[];
    const [booked] = await query<{ count: number }>(url, 'SELECT count(*)::int AS count FROM operations');
    expect(now.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(booked?.count);
    expect((await mes.get('/stock?as_of=2001-01-01T00:00:00Z')).body).toEqual([]);
  });

  it('lists job orders by line, unit and state, the most urgent first.', async () => {
    for (const [id, urgency, due] of [
      ['WO-l1', 0, '2030-01-02'],
      ['WO-l2', 2, '2030-01-03'],
      ['WO-l3', 0, '2030-01-01'],
    ] as const)
      await mes.post(
        'system',
        '/operations-requests',
        anOrder(id, { line: 'LIST', urgency, due_at: `${due}T00:00:00Z` }),
      );
    const ids = async (filter: string) =>
      ((await mes.get(`/job-orders?line=LIST${filter}`)).body as { id: string }[]).map(({ id }) => id);
    expect(await ids('')).toEqual(['WO-l2', 'WO-l3', 'WO-l1']);
    expect(await ids('&state=created,running&limit=1')).toEqual(['WO-l2']);
    expect(await ids('&state=running')).toEqual([]);
    expect(await ids('&unit=L9')).toEqual([]);
  });

  it('takes over the outbox of an earlier version, which kept no traces.', async () => {
    const old = await postgres.database('old-mes');
    await query(
      old,
      `CREATE TABLE outbox (id bigserial PRIMARY KEY, topic text NOT NULL, op_id text, payload jsonb NOT NULL,
         created_at timestamptz NOT NULL DEFAULT now(), published_at timestamptz)`,
    );
    await query(old, "INSERT INTO outbox (topic, payload) VALUES ('operation.reported', '{}')");
    await using grown = await startTestMes({ database: old });
    await runningOrder(grown, 'WO-grown', 'T-grown');
    const rows = await query(old, 'SELECT traceparent FROM outbox WHERE published_at IS NULL');
    expect(rows).toEqual(Array.from({ length: 3 }, () => ({ traceparent: null })));
  });

  it('answers 503 while its database is away, lives on, and works again when it is back.', async () => {
    await runningOrder(mes, 'WO-away', 'T-away');
    const send = () => mes.post('operator', '/operations', aReport('WO-away', 'T-away', 1), 'T-away-1');
    await postgres.crash();
    expect(await send()).toMatchObject({
      status: 503,
      body: { error: { code: expect.stringContaining('database.') } },
    });
    expect(await mes.get('/-/ready')).toMatchObject({ status: 503 });
    expect(await mes.get('/-/healthy')).toMatchObject({ status: 200 });
    await postgres.start();
    await waitFor(async () => (await mes.get('/-/ready')).status === 200, {
      what: 'the MES',
      timeoutMs: 20_000,
    });
    expect(await send()).toMatchObject({ status: 200, body: { applied: true } });
  });
});
