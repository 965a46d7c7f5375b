import type { Session, Statement } from '../database/database.ts';
import { uniqueOpId } from '../database/unique-op-id.ts';
import type { ReceivedOperation } from '../queue/consume.ts';
import { runConsumer } from '../queue/run-consumer.ts';
import { erpQueue } from '../queue/topology.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { ErpSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { serveStatus } from '../status-server.ts';
import { supplyOrders } from './order-supply.ts';

/** Starts the ERP: it keeps the lines in orders, and takes in what they perform, once. */
export async function startErp(settings: ErpSettings, context: ProcessContext): Promise<RunningProcess> {
  const idempotent = !settings.weaken.includes('idempotency');
  await using stack = new AsyncDisposableStack();
  const consumer = stack.use(
    await runConsumer(
      { name: 'erp', queue: erpQueue, schema: schema(idempotent), apply: bookPerformance },
      settings,
      context,
    ),
  );
  const end = new AbortController();
  const supply = supplyOrders(settings, {
    clock: context.clock,
    log: new SparseLog(context.log, context.clock),
    signal: end.signal,
  });
  stack.defer(async () => {
    end.abort(new Error('the ERP ends'));
    await supply;
  });
  const server = stack.use(await serveStatus(() => consumer.counts, settings.listen));
  context.log.info({ url: server.url, weaken: settings.weaken }, 'the ERP is ready');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const schema = (idempotent: boolean): string => `
CREATE TABLE IF NOT EXISTS operations_performance (
  id bigserial PRIMARY KEY, op_id text NOT NULL, source text NOT NULL, seq bigint NOT NULL, serial text NOT NULL,
  work_order_id text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(), redelivered boolean NOT NULL,
  material text NOT NULL DEFAULT '', lot text NOT NULL DEFAULT '', quantity int NOT NULL DEFAULT 1,
  reported_at timestamptz NOT NULL DEFAULT now(), remark text
);
ALTER TABLE operations_performance ADD COLUMN IF NOT EXISTS material text NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS lot text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS quantity int NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS reported_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN IF NOT EXISTS remark text;
CREATE INDEX IF NOT EXISTS operations_performance_reported_at ON operations_performance (reported_at);
${uniqueOpId('operations_performance', idempotent)}`;

const performanceStatement: Statement = {
  name: 'operations-performance',
  text: `
INSERT INTO operations_performance
  (op_id, source, seq, serial, work_order_id, redelivered, material, lot, quantity, reported_at)
SELECT op_id, source, seq, serial, work_order_id, redelivered, material, lot, quantity, coalesce(server_ts, now())
FROM jsonb_to_recordset($1)
  AS p(op_id text, source text, seq bigint, serial text, work_order_id text, redelivered boolean,
    material text, lot text, quantity int, server_ts timestamptz)
ON CONFLICT DO NOTHING`,
};

const bookPerformance = (session: Session, operations: readonly ReceivedOperation[]) =>
  session.query(performanceStatement, [JSON.stringify(operations)]);
