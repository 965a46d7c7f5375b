import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from '../../kit/errors.ts';
import { listen } from '../../kit/http-server.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { type FakeMes, startFakeMes } from '../testing/fake-mes.ts';
import { mes } from './mes.ts';

describe('the MES collector', () => {
  let fake: FakeMes;
  beforeEach(async () => {
    fake = await startFakeMes();
  });
  afterEach(() => fake[Symbol.asyncDispose]());

  const collect = async (url = fake.url, limitMs = 10_000) => {
    using collectors = new TestCollectors(mes, {
      targets: { mes: { kind: 'mes', url, database: 'mes-db' } },
    });
    return await collectOnce(collectors.get(), limitMs);
  };

  it('reports what the MES counts itself', async () => {
    const { found, failure } = await collect(`${fake.url}/`);
    expect(failure).toBeUndefined();
    expect(Object.fromEntries(found)).toMatchObject({
      'mes_up{target="mes"}': 1,
      'mes_operations_total{target="mes",operation="report"}': 40,
      'mes_operations_failed_total{target="mes",operation="report"}': 2,
      'mes_operations_failed_total{target="mes",operation="start"}': 0,
      'mes_operation_wait_seconds_bucket{target="mes",operation="report",le="1"}': 39,
      'mes_operation_wait_seconds_bucket{target="mes",operation="report",le="+Inf"}': 40,
      'mes_operation_wait_seconds_bucket{target="mes",operation="start",le="+Inf"}': 4,
      'mes_db_pool_waiting_requests{target="mes"}': 3,
    });
  });

  it('says that an MES which answers badly is down, and keeps its counters', async () => {
    fake.answer = 'unwell';
    const { found, failure } = await collect();
    expect(found.get('mes_up{target="mes"}')).toBe(0);
    expect(found.get('mes_operations_total{target="mes",operation="report"}')).toBe(40);
    expect(messageOf(failure)).toContain('503');
  });

  it('says that an MES which hangs is down', async () => {
    fake.answer = 'silent';
    const { found, failure } = await collect(fake.url, 50);
    expect(found.get('mes_up{target="mes"}')).toBe(0);
    expect(failure).toBeDefined();
  });

  it('says that an MES whose process is gone is down', async () => {
    await fake[Symbol.asyncDispose]();
    const { found, failure } = await collect();
    expect(found.get('mes_up{target="mes"}')).toBe(0);
    expect(messageOf(failure)).toContain('ECONNREFUSED');
    fake = await startFakeMes();
  });

  it('takes an MES without statistics for up, and says what is missing', async () => {
    await using other = await listen(
      (request, response) => {
        response.writeHead(request.url === '/-/healthy' ? 200 : 404).end();
      },
      { host: '127.0.0.1', port: 0 },
    );
    const { found, failure } = await collect(other.url);
    expect([...found]).toEqual([['mes_up{target="mes"}', 1]]);
    expect(messageOf(failure)).toBe('/-/stats answered 404');
  });
});
