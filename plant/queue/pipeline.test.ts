import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Connection } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../../kit/testing/otlp-receiver.ts';
import { startTracing } from '../../kit/tracing-start.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { startGateway } from '../edge/gateway.ts';
import { startErp } from '../erp/erp.ts';
import { callMes } from '../mes-client.ts';
import type { RunningProcess } from '../run-process.ts';
import {
  edgeSettingsSchema,
  erpSettingsSchema,
  standardLine,
  type Weakness,
  wmsSettingsSchema,
} from '../settings.ts';
import { query } from '../testing/query.ts';
import { reserveTestRabbit, type TestRabbit } from '../testing/rabbitmq.ts';
import {
  aReport,
  runningOrder,
  startTestMes,
  type TestMes,
  testContext,
  testTokens,
} from '../testing/test-mes.ts';
import { startWms } from '../wms/wms.ts';
import { deadLetters, eventsExchange, operationReportedTopic } from './topology.ts';

let postgres: TestPostgres;
let rabbit: TestRabbit;
let raw: Connection;
const stack = new AsyncDisposableStack();

interface Plant {
  mes: TestMes;
  url: (system: 'mes' | 'erp' | 'wms') => string;
  erp: RunningProcess;
  wms: RunningProcess;
}
let plant: Plant;
let weakOutbox: TestMes;

beforeAll(async () => {
  postgres = stack.use(await startTestPostgres());
  rabbit = stack.use(await reserveTestRabbit());
  plant = await startPlant('sound', []);
  weakOutbox = stack.use(await startMes('weak-outbox', ['outbox']));
});
afterAll(() => stack.disposeAsync());

/** The reconnecting is made quick; everything else is as it ships. */
const queue = () => ({ queue: rabbit.url, reconnect_min_ms: 50, reconnect_max_ms: 100 });

async function startMes(name: string, weaken: Weakness[]): Promise<TestMes> {
  return startTestMes({ database: await postgres.database(`${name}-mes`), ...queue(), weaken });
}

async function startPlant(name: string, weaken: Weakness[]): Promise<Plant> {
  const mes = stack.use(await startMes(name, weaken));
  const [erp, wms] = [await postgres.database(`${name}-erp`), await postgres.database(`${name}-wms`)];
  const mesUrl = erp.replace(`${name}-erp`, `${name}-mes`);
  const access = { url: mes.url, token: 'system' };
  const settings = { ...queue(), weaken, retry_delay_ms: 10 };
  return {
    mes,
    url: (system) => ({ mes: mesUrl, erp, wms })[system],
    erp: stack.use(
      await startErp(
        erpSettingsSchema.parse({ ...settings, database: erp, mes: access, lines: [] }),
        testContext,
      ),
    ),
    wms: stack.use(await startWms(wmsSettingsSchema.parse({ ...settings, database: wms }), testContext)),
  };
}

const send = (mes: TestMes, order: string, unit: string, seq: number) =>
  mes.post('operator', '/operations', aReport(order, unit, seq), `${unit}-${seq}`);
const until = (what: string, check: () => Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 60_000, everyMs: 50 });
const performed = async ({ url }: Plant, source: string) =>
  (
    await query<{ seq: string }>(
      url('erp'),
      'SELECT seq FROM operations_performance WHERE source = $1 ORDER BY seq',
      [source],
    )
  ).map(({ seq }) => Number(seq));
const moved = async ({ url }: Plant, source: string) =>
  (
    await query<{ seq: string }>(url('wms'), 'SELECT seq FROM stock_moves WHERE source = $1 ORDER BY seq', [
      source,
    ])
  ).map(({ seq }) => Number(seq));
const publish = async (body: unknown) => {
  const publisher = raw.createPublisher({ confirm: true });
  await publisher.send({ exchange: eventsExchange, routingKey: operationReportedTopic, durable: true }, body);
  await publisher.close();
};
const event = (source: string, seq: number, more: object = {}) => ({
  op_id: `${source}-${seq}`,
  work_order_id: 'WO',
  source,
  seq,
  serial: 'SN',
  material: 'M-raw',
  lot: 'LOT',
  quantity: 1,
  ...more,
});

describe('From the MES to ERP and WMS', () => {
  it('operations wait in the outbox while the queue is away, and arrive once each when it comes; without outbox they are lost.', async () => {
    await runningOrder(plant.mes, 'WO-1', 'T-U1');
    await runningOrder(weakOutbox, 'WO-1', 'W-U1');
    for (const seq of [1, 2, 3]) {
      expect(await send(plant.mes, 'WO-1', 'T-U1', seq)).toMatchObject({ body: { applied: true } });
      expect(await send(weakOutbox, 'WO-1', 'W-U1', seq)).toMatchObject({ body: { applied: true } });
    }
    const waiting = () => query(plant.url('mes'), 'SELECT FROM outbox WHERE published_at IS NULL');
    expect(await waiting()).toHaveLength(5);
    await rabbit.start();
    raw = new Connection(rabbit.url);
    stack.defer(() => raw.close());
    await until('the ERP', async () => (await performed(plant, 'T-U1')).length === 3);
    await until('the WMS', async () => (await moved(plant, 'T-U1')).length === 3);
    await until('the outbox', async () => (await waiting()).length === 0);
    expect(await performed(plant, 'T-U1')).toEqual([1, 2, 3]);
    expect(await moved(plant, 'T-U1')).toEqual([1, 2, 3]);

    let seq = 3;
    await until('the weak publisher', async () => {
      await send(weakOutbox, 'WO-1', 'W-U1', ++seq);
      return (await performed(plant, 'W-U1')).length > 0;
    });
    const arrived = await performed(plant, 'W-U1');
    expect(arrived.filter((number) => number <= 3)).toEqual([]);
  });

  it('an event that comes again changes nothing, and moves and balance agree.', async () => {
    for (const seq of [1, 2, 1, 2, 1]) await publish(event('AGAIN', seq));
    await publish(event('AFTER', 1));
    await until(
      'the last',
      async () =>
        (await moved(plant, 'AFTER')).length === 1 && (await performed(plant, 'AFTER')).length === 1,
    );
    expect(await performed(plant, 'AGAIN')).toEqual([1, 2]);
    expect(await moved(plant, 'AGAIN')).toEqual([1, 2]);
    const sums =
      'SELECT material, lot, sum(quantity)::int AS quantity FROM stock_moves GROUP BY 1, 2 ORDER BY 1, 2';
    const balance = 'SELECT material, lot, quantity::int FROM stock ORDER BY 1, 2';
    expect(await query(plant.url('wms'), sums)).toEqual(await query(plant.url('wms'), balance));
  });

  it('what cannot be handled goes to the dead letters, and holds up nothing.', async () => {
    await publish('this is no event');
    await publish(event('BAD', 1, { seq: 'one' }));
    // In shape, and refused by the WMS's own table: it is tried a few times first.
    await publish(event('BAD', 2, { quantity: -1 }));
    await publish(event('GOOD', 1));
    await until('the good one', async () => (await moved(plant, 'GOOD')).length === 1);
    const count = async () => {
      const channel = await raw.acquire();
      const { messageCount } = await channel.queueDeclare({ queue: deadLetters, passive: true });
      await channel.close();
      return messageCount;
    };
    // Twice two from ERP and WMS, and one from the WMS alone.
    await until('the dead letters', async () => (await count()) === 5);
    await until('the ERP', async () => (await performed(plant, 'GOOD')).length === 1);
    expect(await performed(plant, 'BAD')).toEqual([2]);
    expect(await moved(plant, 'BAD')).toEqual([]);
  });

  it('an operation is one trace, from the terminal over gateway, MES, outbox and queue to ERP and WMS.', async () => {
    await using own = new AsyncDisposableStack();
    const folder = mkdtempSync(path.join(tmpdir(), 'andon-trace-'));
    own.defer(() => rmSync(folder, { recursive: true, force: true }));
    const settings = edgeSettingsSchema.parse({
      line: standardLine('T', 1),
      mes: { url: plant.mes.url, token: 'system' },
      tokens: testTokens,
      journal: path.join(folder, 'T.sqlite'),
    });
    const gateway = own.use(await startGateway(settings, testContext));
    const receiver = own.use(await startOtlpReceiver());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const tracing = await startTracing({ env, service: 'plant', log: silentLog });
    own.use(tracing);
    const body = aReport('WO-1', 'T-U1', 4);
    const call = { method: 'POST', path: '/operations', body, key: body.op_id, timeoutMs: 30_000 } as const;
    await callMes({ url: gateway.url, token: 'operator' }, call);
    const consumed = () => receiver.spans.filter(({ name }) => name.startsWith('process '));
    await until('the spans of both consumers', async () => consumed().length === 2);
    await tracing?.[Symbol.asyncDispose]();

    const wayOf = (span: ReceivedSpan | undefined): string[] => {
      const parent = receiver.spans.find(({ spanId }) => spanId === span?.parentSpanId);
      return span === undefined ? [] : [...wayOf(parent), `${span.name} (${span.kind})`];
    };
    // By their kinds: 3 asks, 2 answers, 4 sends, 5 takes.
    const toTheQueue = [
      'POST /operations (3)',
      'POST /operations (2)',
      'forward (5)',
      'POST /operations (3)',
      'POST /operations (2)',
      'publish operation.reported (4)',
    ];
    expect(consumed().map(wayOf).toSorted()).toEqual([
      [...toTheQueue, 'process erp.operations (5)'],
      [...toTheQueue, 'process wms.moves (5)'],
    ]);
    const outbox = await query<{ traceparent: string | null }>(
      plant.url('mes'),
      "SELECT traceparent FROM outbox WHERE op_id IN ('T-U1-1', 'T-U1-4') ORDER BY op_id",
    );
    const trace = consumed()[0]?.traceId;
    expect(outbox).toEqual([{ traceparent: null }, { traceparent: expect.stringContaining(`00-${trace}-`) }]);
  });

  it('is counted double when idempotency is taken away, as a drill must be able to see.', async () => {
    await plant.erp[Symbol.asyncDispose]();
    await plant.wms[Symbol.asyncDispose]();
    const weak = await startPlant('weak', ['idempotency']);
    await runningOrder(weak.mes, 'WO-1', 'D-U1');
    expect(await send(weak.mes, 'WO-1', 'D-U1', 1)).toMatchObject({ body: { applied: true } });
    expect(await send(weak.mes, 'WO-1', 'D-U1', 1)).toMatchObject({ body: { applied: true } });
    await publish(event('RAW', 1));
    await publish(event('RAW', 1));
    await until('the ERP', async () => (await performed(weak, 'D-U1')).length === 2);
    await until('the WMS', async () => (await moved(weak, 'RAW')).length === 2);
    expect(await query(weak.url('mes'), 'SELECT FROM operations')).toHaveLength(2);
    const again = { command: 'complete', expected_version: 3, device_ts: '2030-01-01T00:00:00Z' };
    expect(await weak.mes.post('operator', '/job-orders/WO-1/commands', again, 'c')).toMatchObject({
      status: 200,
    });
    expect(await weak.mes.post('operator', '/job-orders/WO-1/commands', again, 'c')).toMatchObject({
      status: 409,
    });
  });
});
