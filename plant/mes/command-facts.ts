import type { Statement } from '../database/database.ts';
import type { CommandResult } from './commands.ts';
import type { GuardFacts } from './guards.ts';
import type { State } from './transitions.ts';

/** All that a command's checks look at, read in one round trip. */
export interface OrderFacts extends Omit<GuardFacts, 'reason'> {
  [column: string]: unknown;
  state: State;
  version: number;
  /** What an earlier sending of the same command was answered. */
  earlier: CommandResult | null;
}

/** Parameters: order, idempotency key or null, unit or null for the order's own, freshness in milliseconds. */
export const factsStatement: Statement = {
  name: 'command-facts',
  text: `
SELECT o.id AS "orderId", o.state, o.version, o.material_ready AS "materialReady", o.reported, o.good, o.scrap, o.rework,
  o.predecessor, p.state AS "predecessorState", wanted.unit, u.status AS "unitStatus", u.current_order AS "unitOrder",
  NOT EXISTS (
    SELECT FROM devices d
    WHERE d.unit = wanted.unit
      AND coalesce(d.last_heartbeat_at < now() - $4 * interval '1 millisecond', true)
  ) AS "unitFresh",
  (SELECT min(d.id) FROM devices d JOIN device_quarantines q ON q.device = d.id WHERE d.unit = wanted.unit) AS quarantined,
  k.response AS earlier
FROM work_orders o
CROSS JOIN LATERAL (SELECT coalesce($3, o.unit) AS unit) wanted
LEFT JOIN work_orders p ON p.id = o.predecessor
LEFT JOIN work_units u ON u.id = wanted.unit
LEFT JOIN idempotency_keys k ON k.key = $2
WHERE o.id = $1`,
};
