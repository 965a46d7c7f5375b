import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { blockSessions } from '../testing/blocked-sessions.ts';
import { type MappingLab, startMappingLab } from '../testing/mapping-lab.ts';

let lab: MappingLab;
beforeAll(async () => {
  lab = await startMappingLab();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const states = { open: 'allowed_to_start', working: 'running', done: 'ended' };
const ordersBy = (column: string) => ({ metric: 'mes_work_orders', value: 'n', labels: { state: column } });
const orders = {
  name: 'orders',
  sql: 'SELECT status, count(*) AS n, min(since) AS since FROM orders GROUP BY status;',
  metrics: [
    ordersBy('status'),
    {
      metric: 'mes_work_order_oldest_state_entry_timestamp_seconds',
      value: 'since',
      labels: { state: 'status' },
    },
  ],
};
const deviceLabels = { line: 'line', device: 'name' };
const machines = {
  name: 'machines',
  sql: 'SELECT name, line, seen, is_on, name AS word FROM machines',
  metrics: [{ metric: 'mes_device_last_heartbeat_timestamp_seconds', value: 'seen', labels: deviceLabels }],
};

describe('a mapping', () => {
  it('publishes what its queries and endpoints find, each as a collector of its own', async () => {
    const lines = {
      name: 'lines',
      path: '/stats',
      rows: 'lines',
      metrics: [{ metric: 'mes_good_items_total', value: 'good', labels: { line: 'id' } }],
    };
    const sync = {
      name: 'erp_sync',
      target: 'erp-db',
      sql: 'SELECT 4 AS waiting, now() AS last',
      metrics: [
        { metric: 'mes_sync_pending_records', value: 'waiting' },
        { metric: 'mes_sync_interval_seconds', value: 900 },
      ].map((metric) => ({ ...metric, fixed: { source: 'erp', destination: 'mes', entity: 'orders' } })),
    };
    const mapping = { check: '/stats', states, queries: [orders, machines, sync], endpoints: [lines] };
    const all = await lab.collectAll(mapping);
    const targets = Object.entries(all).map(([name, { target, failure }]) => [name, target, failure]);
    expect(targets).toEqual([
      ['mes', 'mes', undefined],
      ['lines', 'mes', undefined],
      ['orders', 'mes-db', undefined],
      ['machines', 'mes-db', undefined],
      ['erp_sync', 'erp-db', undefined],
    ]);
    const oldest = 'mes_work_order_oldest_state_entry_timestamp_seconds';
    expect(Object.assign({}, ...Object.values(all).map(({ found }) => found))).toMatchObject({
      'mes_up{target="mes"}': 1,
      'mes_work_orders{target="mes",state="running"}': 2,
      'mes_work_orders{target="mes",state="ended"}': 0,
      [`${oldest}{target="mes",state="running"}`]: Date.UTC(2026, 0, 1, 0, 1) / 1000,
      'mes_device_last_heartbeat_timestamp_seconds{target="mes",line="L1",device="M1"}':
        Date.UTC(2026, 0, 1, 0, 0, 30, 500) / 1000,
      'mes_good_items_total{target="mes",line="L1"}': 7,
      'mes_good_items_total{target="mes",line="L2"}': 9,
      'mes_sync_pending_records{target="mes",source="erp",destination="mes",entity="orders"}': 4,
      'mes_sync_interval_seconds{target="mes",source="erp",destination="mes",entity="orders"}': 900,
    });
    expect(Object.keys(all.machines?.found ?? {})).toHaveLength(1);
    const text = Object.values(all)
      .map((one) => one.text)
      .join('');
    const { ok, output } = await runChecker('promtool', ['check', 'metrics'], text);
    expect(ok, output).toBe(true);
  });

  it('sends its headers, and the user of the address, with every request, and says neither', async () => {
    const withUser = (url: string) => url.replace('//', '//watcher:s3cret@');
    const stats = { name: 'stats', path: '/none', metrics: [ordersBy('s')] };
    const byAddress = await lab.collectAll({ check: '/none', endpoints: [stats] }, withUser);
    expect(lab.lastAuthorization).toBe(`Basic ${Buffer.from('watcher:s3cret').toString('base64')}`);
    expect(byAddress.stats?.failure).toBe('endpoint stats: /none answered 404');
    await lab.collectAll({ check: '/none', headers: { Authorization: 'Bearer t0ken' } });
    expect(lab.lastAuthorization).toBe('Bearer t0ken');
  });
});

describe('a metric that cannot be had', () => {
  // Each beside one that can be: that one must stay.
  const broken: [string, object, string][] = [
    [
      'a column that is not there',
      ordersBy('state'),
      'no column "n"; there are name, line, seen, is_on, word',
    ],
    [
      'a word where a number is meant',
      { metric: 'mes_device_deaths_total', value: 'word', labels: deviceLabels },
      'column "word" is not a number: "M1"',
    ],
    [
      'NaN',
      { metric: 'mes_device_deaths_total', value: 'nan', labels: deviceLabels },
      'column "nan" is not a finite number: NaN',
    ],
    [
      'a negative counter',
      { metric: 'mes_device_deaths_total', value: 'negative', labels: deviceLabels },
      'column "negative" is negative, which a counter never is: -1',
    ],
    [
      'the same series twice',
      { metric: 'mes_good_items_total', value: 'is_on', labels: { line: 'line' } },
      'two rows are the same series {target="mes",line="L1"}',
    ],
  ];

  it.each(broken)(
    'because of %s is missing alone, and query and column are named',
    async (_, metric, reason) => {
      const sql =
        broken[0]?.[1] === metric
          ? machines.sql
          : `SELECT m.*, name AS word, 'NaN'::float8 AS nan, -1 AS negative FROM machines m`;
      const query = { ...machines, sql, metrics: [metric, ...machines.metrics] };
      const all = await lab.collectAll({ states, queries: [query, orders] });
      const { metric: name } = metric as { metric: string };
      expect(all.machines?.failure).toBe(`query machines, metric ${name}: ${reason}`);
      expect(Object.keys(all.machines?.found ?? {})).toEqual([
        'mes_device_last_heartbeat_timestamp_seconds{target="mes",line="L1",device="M1"}',
      ]);
      expect(all.orders?.failure).toBeUndefined();
      expect(all.orders?.found).toMatchObject({ 'mes_work_orders{target="mes",state="running"}': 2 });
    },
  );

  it('because of several mistakes names them all', async () => {
    const query = { ...machines, metrics: [ordersBy('state'), { ...machines.metrics[0], value: 'sen' }] };
    const all = await lab.collectAll({ queries: [query] });
    expect(all.machines?.failure).toBe(
      'query machines, metric mes_work_orders: no column "n"; there are name, line, seen, is_on, word; ' +
        'query machines, metric mes_device_last_heartbeat_timestamp_seconds: no column "sen"; did you mean "seen"?',
    );
  });
});

describe('a query or an endpoint that fails', () => {
  // All ask over one session, one after the other: whoever waits behind the slow one needs more time than that takes.
  const patient = { ...orders, timeout: '10s' };
  const failing = (sql: string) => lab.collectAll({ states, queries: [{ ...machines, sql }, patient] });

  it.each([
    ['is no SQL', 'SELEC 1', 'query machines: syntax error at or near "SELEC"'],
    ['names no table', 'SELECT * FROM machine', 'query machines: relation "machine" does not exist'],
    [
      'writes',
      "SELECT nextval('counted') AS seen",
      'query machines: cannot execute nextval() in a read-only transaction',
    ],
    [
      'is two',
      'SELECT 1; DROP TABLE orders',
      'query machines: cannot insert multiple commands into a prepared statement',
    ],
    [
      'takes too long',
      'SELECT pg_sleep(60) AS seen',
      'query machines: canceling statement due to statement timeout',
    ],
    [
      'breaks off in the middle',
      `SELECT 'M' || n AS name, '' AS line, 1 / (4000 - n) AS seen FROM generate_series(1, 9000) n`,
      'query machines: division by zero',
    ],
  ])(
    'because its SQL %s leaves the others, and its own metrics are missing as a whole',
    async (_, sql, reason) => {
      const all = await failing(sql);
      expect(all.machines).toMatchObject({ failure: reason, found: {} });
      expect(all.orders?.failure).toBeUndefined();
      expect(all.orders?.found).toMatchObject({ 'mes_work_orders{target="mes",state="running"}': 2 });
    },
  );

  it('because somebody holds a lock on its table does so soon, and the others go on', async () => {
    await using _ = await blockSessions(lab.postgres.url('mes'), 'machines', 1);
    const all = await lab.collectAll({ states, queries: [machines, orders] });
    expect(all.machines).toMatchObject({
      failure: 'query machines: canceling statement due to lock timeout',
      found: {},
    });
    expect(all.orders?.failure).toBeUndefined();
  });

  it.each([
    ['/garbage', undefined, 'endpoint stats: /garbage answered what is no JSON'],
    ['/none', undefined, 'endpoint stats: /none answered 404'],
    ['/endless', undefined, 'endpoint stats: /endless answered more than 16777216 bytes'],
    ['/hangs', undefined, 'no answer within 200 ms'],
    [
      '/stats',
      '$sum(at)',
      'endpoint stats: rows: Argument 1 of function "sum" must be an array of "numbers" (at 5)',
    ],
    ['/stats', 'at', 'endpoint stats: rows: gave "2026-01-01T00:00:00Z" where an object is meant'],
  ])(
    'because %s answers badly (rows: %s) says how, and the MES is up all the same',
    async (path, rows, reason) => {
      const timeout = path === '/hangs' ? '200ms' : '3s';
      const stats = {
        name: 'stats',
        path,
        timeout,
        ...(rows === undefined ? {} : { rows }),
        metrics: [ordersBy('s')],
      };
      const all = await lab.collectAll({ check: '/stats', endpoints: [stats], queries: [machines] });
      expect(all.stats).toMatchObject({ failure: expect.stringContaining(reason), found: {} });
      expect(all.mes?.found).toMatchObject({ 'mes_up{target="mes"}': 1 });
      expect(all.machines?.failure).toBeUndefined();
    },
  );
});

describe('an MES without an HTTP API', () => {
  const alive = {
    name: 'alive',
    sql: `SELECT now() - max(seen) < interval '1 minute' AS up FROM machines`,
    metrics: [{ metric: 'mes_up', value: 'up' }],
  };
  const up = 'mes_up{target="mes"}';

  it('is up when its mapping says so, is down when the query fails, and is neither when nobody can tell', async () => {
    const told = await lab.collectAll({ check: 'none', queries: [alive] }, () => 'http://127.0.0.1:9');
    expect(told.alive?.found).toEqual({ [up]: 0 });
    expect(told.mes?.failure).toBeUndefined();
    expect(told.mes?.found).not.toHaveProperty([up]);
    const failed = await lab.collectAll({
      check: 'none',
      queries: [{ ...alive, sql: 'SELECT 1 / 0 AS up' }],
    });
    expect(failed.alive).toMatchObject({ failure: 'query alive: division by zero', found: { [up]: 0 } });
  });
});
