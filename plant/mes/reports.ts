import { traceHeaders } from '../../kit/tracing.ts';
import type { Database, Statement } from '../database/database.ts';
import type { OperationReport, OperationReported } from '../mes-api.ts';
import { Refusal } from '../refusal.ts';
import type { Caller } from '../settings.ts';
import { reportableStates, type State, states } from './transitions.ts';

/** What became of a report: applied now, or known already. `event` is there when it must be published at once. */
export interface ReportOutcome {
  applied: boolean;
  event: OperationReported | null;
}

interface ReportRow {
  [column: string]: unknown;
  state: State;
  applied: boolean;
  known: boolean;
  event: OperationReported | null;
}

export interface ReportOptions {
  /** False when weakened: then the event is handed back instead of kept. */
  outbox: boolean;
  /** How long the work inside the transaction takes. */
  workMs: number;
}

/** Books one reported operation, once for each op_id unless the plant is weakened. */
export function report(
  database: Database,
  operation: OperationReport,
  caller: Caller,
  options: ReportOptions,
): Promise<ReportOutcome> {
  const allowed = operation.recovered ? states : reportableStates;
  return database.run(async (session) => {
    const [row] = await session.query<ReportRow>(reportStatement, [
      operation.op_id,
      operation.work_order_id,
      operation.unit,
      operation.line,
      operation.source,
      operation.seq,
      operation.serial,
      operation.result,
      operation.device_ts,
      operation.recovered,
      caller.actor,
      caller.role,
      allowed,
      options.outbox,
      options.workMs / 1000,
      traceHeaders().traceparent ?? null,
    ]);
    if (row === undefined)
      throw new Refusal(404, 'unknown-order', `there is no work order ${operation.work_order_id}`);
    if (!row.applied && !row.known && !allowed.includes(row.state))
      throw new Refusal(409, 'not-running', `work order ${operation.work_order_id} is ${row.state}`);
    return { applied: row.applied, event: row.applied ? row.event : null };
  });
}

/**
 * Operation, quantities, the unit's newest report and the event in one statement: one round trip, one commit, and no
 * transaction that a cut network could leave open. The rows are locked in the order operation, order, unit.
 */
const reportStatement: Statement = {
  name: 'report',
  text: `
WITH ordered AS (
  SELECT id, state, material, lot, product FROM work_orders WHERE id = $2
), booked AS (
  INSERT INTO operations
    (op_id, work_order_id, unit, line, source, seq, serial, result, device_ts, recovered, actor, role, material, lot)
  SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, material, lot FROM ordered WHERE state = ANY ($13)
  ON CONFLICT DO NOTHING
  RETURNING server_ts
), counted AS (
  UPDATE work_orders o SET reported = reported + 1, good = good + ($8 = 'good')::int,
    scrap = scrap + ($8 = 'scrap')::int, rework = rework + ($8 = 'rework')::int
  FROM booked WHERE o.id = $2
  RETURNING o.id
), newest AS (
  UPDATE work_units u SET last_seq = $6, last_op_id = $1, last_device_ts = $9
  FROM counted WHERE u.id = $3 AND u.last_seq < $6
), event AS (
  SELECT jsonb_build_object('op_id', $1::text, 'work_order_id', ordered.id, 'unit', $3::text, 'line', $4::text,
    'source', $5::text, 'seq', $6::bigint, 'serial', $7::text, 'result', $8::text, 'product', product,
    'material', material, 'lot', lot, 'quantity', 1, 'device_ts', $9::timestamptz, 'server_ts', booked.server_ts,
    'recovered', $10::boolean) AS payload
  FROM ordered, booked
), told AS (
  INSERT INTO outbox (topic, op_id, payload, traceparent)
  SELECT 'operation.reported', $1, payload, $16::text FROM event WHERE $14
)
SELECT ordered.state, EXISTS (SELECT FROM booked) AS applied, EXISTS (SELECT FROM operations WHERE op_id = $1) AS known,
  CASE WHEN NOT $14 THEN (SELECT payload FROM event) END AS event
FROM ordered, pg_sleep($15)`,
};
