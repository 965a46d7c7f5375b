import type { Session, Statement } from '../database/database.ts';
import { uniqueOpId } from '../database/unique-op-id.ts';
import type { ReceivedOperation } from '../queue/consume.ts';
import { runConsumer } from '../queue/run-consumer.ts';
import { wmsQueue } from '../queue/topology.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { WmsSettings } from '../settings.ts';
import { serveStatus } from '../status-server.ts';

/** Starts the WMS: it books the material that each reported operation moved to the line, once. */
export async function startWms(settings: WmsSettings, context: ProcessContext): Promise<RunningProcess> {
  const idempotent = !settings.weaken.includes('idempotency');
  await using stack = new AsyncDisposableStack();
  const consumer = stack.use(
    await runConsumer(
      { name: 'wms', queue: wmsQueue, schema: schema(idempotent), apply: moveStock },
      settings,
      context,
    ),
  );
  const server = stack.use(await serveStatus(() => consumer.counts, settings.listen));
  context.log.info({ url: server.url, weaken: settings.weaken }, 'the WMS is ready');
  const owned = stack.move();
  return { url: server.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const schema = (idempotent: boolean): string => `
CREATE TABLE IF NOT EXISTS stock_moves (
  id bigserial PRIMARY KEY, op_id text NOT NULL, source text NOT NULL, seq bigint NOT NULL, material text NOT NULL,
  lot text NOT NULL, quantity int NOT NULL CHECK (quantity > 0), received_at timestamptz NOT NULL DEFAULT now(),
  reported_at timestamptz NOT NULL DEFAULT now(), remark text
);
ALTER TABLE stock_moves ADD COLUMN IF NOT EXISTS reported_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN IF NOT EXISTS remark text;
CREATE INDEX IF NOT EXISTS stock_moves_reported_at ON stock_moves (reported_at);
CREATE TABLE IF NOT EXISTS stock (
  material text NOT NULL, lot text NOT NULL, quantity bigint NOT NULL, PRIMARY KEY (material, lot)
);
${uniqueOpId('stock_moves', idempotent)}`;

/** Moves and balance in one statement: the sum of the moves is the balance at every moment. */
const moveStatement: Statement = {
  name: 'stock-moves',
  text: `
WITH moved AS (
  INSERT INTO stock_moves (op_id, source, seq, material, lot, quantity, reported_at)
  SELECT op_id, source, seq, material, lot, quantity, coalesce(server_ts, now())
  FROM jsonb_to_recordset($1)
    AS m(op_id text, source text, seq bigint, material text, lot text, quantity int, server_ts timestamptz)
  ON CONFLICT DO NOTHING
  RETURNING material, lot, quantity
)
INSERT INTO stock (material, lot, quantity)
SELECT material, lot, sum(quantity) FROM moved GROUP BY material, lot ORDER BY material, lot
ON CONFLICT (material, lot) DO UPDATE SET quantity = stock.quantity + excluded.quantity`,
};

const moveStock = (session: Session, operations: readonly ReceivedOperation[]) =>
  session.query(moveStatement, [JSON.stringify(operations)]);
