import type { Database, Statement } from '../database/database.ts';
import type { Heartbeats } from '../mes-api.ts';

/** What job orders are asked for; without a field, all. */
export interface JobOrderFilter {
  line?: string | undefined;
  unit?: string | undefined;
  states?: readonly string[] | undefined;
  limit: number;
}

/** Work orders as they stand, the most urgent first. */
export function listJobOrders(
  database: Database,
  filter: JobOrderFilter,
): Promise<Record<string, unknown>[]> {
  return database.run((session) =>
    session.query(listStatement, [
      filter.line ?? null,
      filter.unit ?? null,
      filter.states ?? null,
      filter.limit,
    ]),
  );
}

const listStatement: Statement = {
  name: 'job-orders',
  text: `
SELECT * FROM work_orders
WHERE ($1::text IS NULL OR line = $1) AND ($2::text IS NULL OR unit = $2) AND ($3::text[] IS NULL OR state = ANY ($3))
ORDER BY urgency DESC, due_at, created_at, id LIMIT $4`,
};

/** Material moved to the lines up to a moment, by lot, as the MES counts it: one piece for each operation. */
export function stockAsOf(database: Database, asOf: Date): Promise<Record<string, unknown>[]> {
  return database.run((session) => session.query(stockStatement, [asOf.toISOString()]));
}

const stockStatement: Statement = {
  name: 'stock',
  text: `
SELECT o.material, o.lot, count(*)::int AS quantity
FROM operations p JOIN work_orders o ON o.id = p.work_order_id
WHERE p.server_ts <= $1 GROUP BY o.material, o.lot ORDER BY o.material, o.lot`,
};

/** Notes signs of life; an older one never replaces a newer one. */
export async function noteHeartbeats(database: Database, { line, devices }: Heartbeats): Promise<void> {
  await database.run((session) => session.query(heartbeatStatement, [line, JSON.stringify(devices)]));
}

/** A device that nobody announced belongs to the unit it is named after: L1-U1-PLC to L1-U1. */
const heartbeatStatement: Statement = {
  name: 'heartbeats',
  text: `
INSERT INTO devices (id, line, unit, last_heartbeat_at, state)
SELECT id, $1, regexp_replace(id, '-[^-]+$', ''), max(at), (array_agg(state ORDER BY at DESC))[1]
FROM jsonb_to_recordset($2) AS d(id text, at timestamptz, state text) GROUP BY id ORDER BY id
ON CONFLICT (id) DO UPDATE SET last_heartbeat_at = excluded.last_heartbeat_at, state = excluded.state
WHERE devices.last_heartbeat_at IS NULL OR devices.last_heartbeat_at < excluded.last_heartbeat_at`,
};
