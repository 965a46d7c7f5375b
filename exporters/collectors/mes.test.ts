import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../kit/errors.ts';
import { listen } from '../../kit/http-server.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { type FakeMes, startFakeMes } from '../testing/fake-mes.ts';
import { mes } from './mes.ts';

// What the reference plant tells over HTTP; its database is not asked here.
const database = { kind: 'postgres', url: 'postgres://127.0.0.1:9/mes' };
const collectorsOf = (url: string, exporter = {}) =>
  new TestCollectors(mes, {
    targets: { mes: { kind: 'mes', url, database: 'mes-db' }, 'mes-db': database },
    exporter,
  });

describe('an MES over HTTP', () => {
  let fake: FakeMes;
  beforeEach(async () => {
    fake = await startFakeMes();
  });
  afterEach(() => fake[Symbol.asyncDispose]());

  const collect = async (name: string, url = fake.url, limitMs = 10_000) => {
    using collectors = collectorsOf(url);
    return await collectOnce(collectors.get(name), limitMs);
  };
  const up = 'mes_up{target="mes"}';

  it('is up when it answers, and its work orders have limits whether it does or not', async () => {
    const limit = 'mes_work_order_state_limit_seconds{target="mes",state="interrupted"}';
    expect(Object.fromEntries((await collect('mes')).found)).toMatchObject({ [up]: 1, [limit]: 3600 });
    fake.answer = 'unwell';
    expect(Object.fromEntries((await collect('mes')).found)).toMatchObject({ [up]: 0, [limit]: 3600 });
  });

  it('reports what it counts itself', async () => {
    const operations = await collect('operations', `${fake.url}/`);
    expect(operations.failure).toBeUndefined();
    expect(Object.fromEntries(operations.found)).toMatchObject({
      'mes_operations_total{target="mes",operation="report"}': 40,
      'mes_operations_failed_total{target="mes",operation="report"}': 2,
      'mes_operations_failed_total{target="mes",operation="start"}': 0,
      'mes_operation_wait_seconds_bucket{target="mes",operation="report",le="1"}': 39,
      'mes_operation_wait_seconds_bucket{target="mes",operation="report",le="+Inf"}': 40,
      'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="+Inf"}': 4,
    });
    expect([...(await collect('pool')).found]).toEqual([['mes_db_pool_waiting_requests{target="mes"}', 3]]);
  });

  it('is down when it answers badly, and keeps its counters', async () => {
    fake.answer = 'unwell';
    const { found, failure } = await collect('mes');
    expect(found.get(up)).toBe(0);
    expect(failure).toBe('/-/healthy answered 503');
    const operations = await collect('operations');
    expect(operations.found.get('mes_operations_total{target="mes",operation="report"}')).toBe(40);
  });

  it('is down when it hangs', async () => {
    fake.answer = 'silent';
    const { found, failure } = await collect('mes', fake.url, 50);
    expect(found.get(up)).toBe(0);
    expect(failure).toBeDefined();
  });

  it('is down when its process is gone', async () => {
    await fake[Symbol.asyncDispose]();
    const { found, failure } = await collect('mes');
    expect(found.get(up)).toBe(0);
    expect(failure).toContain('ECONNREFUSED');
    fake = await startFakeMes();
  });

  it('is up without statistics, and what is missing is said', async () => {
    await using other = await listen(
      (request, response) => {
        response.writeHead(request.url === '/-/healthy' ? 200 : 404).end();
      },
      { host: '127.0.0.1', port: 0 },
    );
    expect((await collect('mes', other.url)).found.get(up)).toBe(1);
    const { found, failure } = await collect('operations', other.url);
    expect([...found]).toEqual([]);
    expect(failure).toBe('endpoint operations: /-/stats answered 404');
  });
});

it('Two MES on one database must not have queries of one name there.', () => {
  const url = 'http://127.0.0.1:9';
  const both = (exporter: Record<string, unknown>) =>
    new TestCollectors(mes, {
      targets: {
        mes: { kind: 'mes', url, database: 'mes-db' },
        old: { kind: 'mes', url, database: 'mes-db' },
        'mes-db': database,
      },
      exporter,
    });
  expect(() => both({})).toThrow(UsageError);
  expect(() => both({})).toThrow('two MES have a query "work_orders" of mes-db');
  using collectors = both({ mappings: { old: { check: '/health' } } });
  expect(collectors.all.map(({ name, target }) => `${name} of ${target}`)).toContain('mes of old');
});
