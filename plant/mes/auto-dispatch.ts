import type { Clock } from '../../kit/clock.ts';
import { brokenConstraint, type Database, type Statement } from '../database/database.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Wake } from '../wake.ts';
import { rowsOf } from './transitions.ts';

/** What auto-dispatch works with, and its times. */
export interface AutoDispatchParts {
  database: Database;
  clock: Clock;
  log: SparseLog;
  /** Called when a unit became idle, or an order came. */
  changes: Wake;
  /** Called when events are waiting in the outbox. */
  onEvent: () => void;
  /** The lines it serves. */
  lines: readonly string[];
  intervalMs: number;
  freshMs: number;
  outbox: boolean;
}

/** "Work unit idle and material in place → next operation", for the plant's own lines. */
export async function autoDispatch(parts: AutoDispatchParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if ((await dispatchOnce(parts)) > 0) parts.onEvent();
    } catch (error) {
      // Another dispatcher was quicker: the next round sees what it did.
      if (brokenConstraint(error) === undefined && !signal.aborted)
        parts.log.failure('auto-dispatch failed', error);
    }
    await parts.changes.sleep(parts.clock, parts.intervalMs);
  }
}

async function dispatchOnce({ database, lines, freshMs, outbox }: AutoDispatchParts): Promise<number> {
  const from = rowsOf('dispatch').flatMap((row) => row.from);
  const moved = await database.run((session) =>
    session.query(dispatchStatement, [lines, from, freshMs, outbox]),
  );
  return moved.length;
}

/** The n-th idle unit of a line, none of whose devices is silent or in quarantine, gets the n-th order of that line, by urgency and then by due date. */
const dispatchStatement: Statement = {
  name: 'auto-dispatch',
  text: `
WITH idle AS (
  SELECT u.id, u.line, row_number() OVER (PARTITION BY u.line ORDER BY u.status_at, u.id) AS place
  FROM work_units u
  WHERE u.status = 'idle' AND u.line = ANY ($1) AND NOT EXISTS (
    SELECT FROM devices d
    WHERE d.unit = u.id AND coalesce(d.last_heartbeat_at < now() - $3 * interval '1 millisecond', true))
    AND NOT EXISTS (SELECT FROM devices d JOIN device_quarantines q ON q.device = d.id WHERE d.unit = u.id)
), next AS (
  SELECT o.id, o.line, o.state, o.version,
    row_number() OVER (PARTITION BY o.line ORDER BY o.urgency DESC, o.due_at, o.created_at, o.id) AS place
  FROM work_orders o LEFT JOIN work_orders p ON p.id = o.predecessor
  WHERE o.line = ANY ($1) AND o.state = ANY ($2) AND o.material_ready
    AND (o.predecessor IS NULL OR p.state IN ('completed', 'closed'))
), moved AS (
  UPDATE work_orders o SET state = 'dispatched', unit = idle.id, version = o.version + 1, state_entered_at = now()
  FROM next JOIN idle ON idle.line = next.line AND idle.place = next.place
  WHERE o.id = next.id AND o.version = next.version
  RETURNING o.id, o.line, o.unit, o.version, next.state AS from_state
), placed AS (
  UPDATE work_units u SET status = 'busy', status_at = now(), current_order = moved.id FROM moved WHERE u.id = moved.unit
), noted AS (
  INSERT INTO transitions (work_order_id, line, command, from_state, to_state, actor, role, command_id, device_ts)
  SELECT id, line, 'dispatch', from_state, 'dispatched', 'auto-dispatch', 'system', id || '-dispatch-' || version, now()
  FROM moved
), told AS (
  INSERT INTO outbox (topic, payload)
  SELECT 'wo.dispatch', jsonb_build_object('work_order_id', id, 'line', line, 'unit', unit, 'from', from_state,
    'to', 'dispatched', 'version', version, 'command_id', id || '-dispatch-' || version) FROM moved WHERE $4
)
SELECT id FROM moved`,
};
