import type { Statement } from '../database/database.ts';
import type { Transition } from './transitions.ts';

/** What happens to the work unit, after the order has moved: always in this order, so that no two moves deadlock. */
const unitEffects: Record<Transition['unit'], string> = {
  takes: `INSERT INTO work_units (id, line, status, status_at, current_order)
    SELECT $4, line, 'busy', now(), id FROM moved
    ON CONFLICT (id) DO UPDATE SET status = 'busy', status_at = now(), current_order = excluded.current_order`,
  keeps: 'SELECT FROM moved',
  frees: `UPDATE work_units u SET status = 'idle', status_at = now(), current_order = NULL
    FROM moved WHERE u.id = $4 AND u.current_order = moved.id`,
};

/**
 * Order, unit, history, idempotency key and event in one statement: one round trip, and no transaction that a cut
 * network could leave open with its locks. Moves nothing when the version is no longer the one that was checked.
 * Parameters: order, version, to-state, unit, rework, command, from-state, actor, role, key, device time, keep key?, outbox?,
 * traceparent, id of the signature that is asked for (or null), what is to be signed (with the quantities as they are by now)
 */
const statements = Object.fromEntries(
  Object.entries(unitEffects).map(([effect, sql]) => [
    effect,
    {
      name: `command-move-${effect}`,
      text: `
WITH moved AS (
  UPDATE work_orders SET state = $3, version = version + 1, state_entered_at = now(), rework_count = rework_count + $5,
    unit = CASE WHEN $3 IN ('created', 'returned') THEN NULL ELSE $4 END
  WHERE id = $1 AND version = $2
  RETURNING id, line, state, version, good, scrap, rework
), placed AS (
  ${sql}
), noted AS (
  INSERT INTO transitions (work_order_id, line, command, from_state, to_state, actor, role, command_id, device_ts)
  SELECT id, line, $6, $7, $3, $8, $9, $10, $11 FROM moved
), keyed AS (
  INSERT INTO idempotency_keys (key, status, response)
  SELECT $10, 200, jsonb_build_object('id', id, 'state', state, 'version', version) FROM moved WHERE $12
), told AS (
  INSERT INTO outbox (topic, payload, traceparent)
  SELECT 'wo.' || $6, jsonb_build_object('work_order_id', id, 'line', line, 'unit', $4::text, 'from', $7::text,
    'to', state, 'version', version, 'command_id', $10::text), $14::text FROM moved WHERE $13
), asked AS (
  INSERT INTO signature_requests (id, work_order_id, subject)
  SELECT $15, id, $16::jsonb || jsonb_build_object('good', good, 'scrap', scrap, 'rework', rework)
  FROM moved WHERE $15::text IS NOT NULL
)
SELECT id, state, version FROM moved`,
    },
  ]),
) as Record<Transition['unit'], Statement>;

/** The statement that moves an order, by what the transition does to its unit. */
export const moveStatement = (effect: Transition['unit']): Statement => statements[effect];
