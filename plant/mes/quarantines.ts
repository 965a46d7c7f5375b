import type { Database, Statement } from '../database/database.ts';
import type { Heartbeats, QuarantineRequest } from '../mes-api.ts';
import type { Caller } from '../settings.ts';

/** Two heartbeats are 30 s apart; whoever is silent for longer than this was not heard all the time. */
const longestGapSeconds = 45;

/**
 * Devices that are out of dispatch: their units get no new order, and keep the one they have. A quarantine ends when somebody ends it,
 * or when its device has been heard for long enough, if it says so.
 */
export const quarantineTables = `
CREATE TABLE IF NOT EXISTS device_quarantines (
  device text PRIMARY KEY, reason text NOT NULL, actor text NOT NULL, role text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(), lift_after_heard_s int, heard_from timestamptz
);
`;

/** A quarantine as it stands. */
export interface Quarantine {
  [column: string]: unknown;
  device: string;
  reason: string;
  actor: string;
  role: string;
  since: Date;
  lift_after_heard_s: number | null;
  heard_from: Date | null;
}

/** A device and what is known of it. */
export interface Device {
  [column: string]: unknown;
  id: string;
  line: string;
  unit: string | null;
  state: string;
  last_heartbeat_at: Date | null;
  quarantine: Omit<Quarantine, 'device'> | null;
}

/** All devices, or those with that name. */
export const listDevices = (database: Database, id?: string): Promise<Device[]> =>
  database.run((session) => session.query<Device>(devicesStatement, [id ?? null]));

const devicesStatement: Statement = {
  name: 'devices',
  text: `
SELECT d.id, d.line, d.unit, d.state, d.last_heartbeat_at, to_jsonb(q) - 'device' AS quarantine
FROM devices d LEFT JOIN device_quarantines q ON q.device = d.id
WHERE $1::text IS NULL OR d.id = $1 ORDER BY d.id`,
};

/** Takes a device out of dispatch, and returns whether it is new; one that is out already stays as it is. */
export async function beginQuarantine(
  database: Database,
  device: string,
  { reason, lift_after_heard_s }: QuarantineRequest,
  { actor, role }: Caller,
  outbox: boolean,
): Promise<boolean> {
  const values = [device, reason, actor, role, lift_after_heard_s ?? null, outbox];
  return (await database.run((session) => session.query(beginStatement, values))).length > 0;
}

/** What is told of a quarantine that begins or ends, from a row `q` and its device `d`. */
const told = (topic: string, by: string, outbox: string): string =>
  `INSERT INTO outbox (topic, payload)
  SELECT '${topic}', jsonb_build_object('device', d.id, 'line', d.line, 'unit', d.unit, 'reason', q.reason,
    'since', q.since, 'by', ${by}) FROM q JOIN devices d ON d.id = q.device WHERE ${outbox}`;

const beginStatement: Statement = {
  name: 'quarantine-begin',
  text: `
WITH q AS (
  INSERT INTO device_quarantines (device, reason, actor, role, lift_after_heard_s)
  SELECT id, $2, $3, $4, $5 FROM devices WHERE id = $1 ON CONFLICT (device) DO NOTHING RETURNING *
), told AS (${told('device.quarantined', 'q.actor', '$6::boolean')})
SELECT device FROM q`,
};

/** Lets a device back into dispatch, and returns whether it was out; with `mine` only out of the caller's own quarantine. */
export async function endQuarantine(
  database: Database,
  device: string,
  mine: boolean,
  { actor }: Caller,
  outbox: boolean,
): Promise<boolean> {
  const ended = await database.run((session) => session.query(endStatement, [device, mine, actor, outbox]));
  return ended.length > 0;
}

const endStatement: Statement = {
  name: 'quarantine-end',
  text: `
WITH q AS (
  DELETE FROM device_quarantines WHERE device = $1 AND (NOT $2::boolean OR actor = $3::text) RETURNING *
), told AS (${told('device.released', '$3::text', '$4::boolean')})
SELECT device FROM q`,
};

/** Ends the quarantines of devices that have been heard for long enough by now; to be told before the heartbeats are noted. */
export async function hearQuarantined(
  database: Database,
  { devices }: Heartbeats,
  outbox: boolean,
): Promise<boolean> {
  const values = [JSON.stringify(devices), longestGapSeconds, outbox];
  return (await database.run((session) => session.query(heardStatement, values))).length > 0;
}

const heardStatement: Statement = {
  name: 'quarantine-heard',
  text: `
WITH heard AS (
  SELECT held.device, beat.at, held.lift_after_heard_s,
    CASE WHEN held.heard_from IS NULL OR d.last_heartbeat_at < beat.at - $2 * interval '1 second' THEN beat.at
      ELSE held.heard_from END AS heard_from
  FROM device_quarantines held JOIN devices d ON d.id = held.device
  JOIN (SELECT id, max(at) AS at FROM jsonb_to_recordset($1) AS b(id text, at timestamptz) GROUP BY id) beat
    ON beat.id = held.device
  WHERE beat.at > held.since AND coalesce(beat.at > d.last_heartbeat_at, true)
), q AS (
  DELETE FROM device_quarantines USING heard
  WHERE device_quarantines.device = heard.device
    AND heard.at - heard.heard_from >= heard.lift_after_heard_s * interval '1 second'
  RETURNING device_quarantines.*
), begun AS (
  UPDATE device_quarantines SET heard_from = heard.heard_from FROM heard
  WHERE device_quarantines.device = heard.device
    AND (heard.lift_after_heard_s IS NULL OR heard.at - heard.heard_from < heard.lift_after_heard_s * interval '1 second')
), told AS (${told('device.released', "'heard again'::text", '$3::boolean')})
SELECT device FROM q`,
};
