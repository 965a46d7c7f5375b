import type { TestPostgres } from '../../../../lab/testing/postgres.ts';
import { startErp } from '../../../../plant/erp/erp.ts';
import {
  declareTopology,
  erpQueue,
  eventsExchange,
  operationReportedTopic,
} from '../../../../plant/queue/topology.ts';
import { erpSettingsSchema } from '../../../../plant/settings.ts';
import { query } from '../../../../plant/testing/query.ts';
import { testContext } from '../../../../plant/testing/test-mes.ts';
import { type QueueBench, until, type VirtualHost } from './queue-bench.ts';

/** The queue of the reference plant's ERP with its dead letters. */
export async function plantOf(bench: QueueBench, name: string): Promise<VirtualHost> {
  const plant = await bench.virtualHost(name);
  await declareTopology(plant.channel);
  return plant;
}

/** The same with the ERP itself at work; returns how often each operation stands in its table. */
export async function erpAtWork(
  { bench, postgres, stack }: { bench: QueueBench; postgres: TestPostgres; stack: AsyncDisposableStack },
  name: string,
): Promise<{ plant: VirtualHost; performed: () => Promise<string[]> }> {
  const plant = await plantOf(bench, name);
  const database = await postgres.database(name);
  const mes = { url: 'http://127.0.0.1:1', token: 'none' };
  const settings = { queue: plant.url, database, mes, lines: [], reconnect_min_ms: 50, retry_delay_ms: 10 };
  stack.use(await startErp(erpSettingsSchema.parse(settings), testContext));
  await until('the ERP', async () => (await plant.consumers(erpQueue)) === 1);
  const sql = "SELECT source || '-' || seq AS op FROM operations_performance ORDER BY 1";
  return { plant, performed: async () => (await query<{ op: string }>(database, sql)).map(({ op }) => op) };
}

/** One reported operation, as the MES tells it. */
export const event = (seq: number) => ({
  op_id: `U1-${seq}`,
  work_order_id: 'WO-1',
  source: 'U1',
  seq,
  serial: `SN-${seq}`,
  material: 'M',
  lot: 'L',
  quantity: 1,
});
/** What the MES says when an operation was reported. */
export const report = (plant: VirtualHost, seq: number) =>
  plant.channel.basicPublish(
    { exchange: eventsExchange, routingKey: operationReportedTopic, durable: true },
    event(seq),
  );

/** A line that reports while a copy is being taken. */
export const working = (plant: VirtualHost): Disposable => {
  const timer = setInterval(() => void report(plant, 1), 50);
  return { [Symbol.dispose]: () => clearInterval(timer) };
};
