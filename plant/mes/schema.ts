import type { Session } from '../database/database.ts';
import { uniqueOpId } from '../database/unique-op-id.ts';
import type { Line } from '../settings.ts';
import { quarantineTables } from './quarantines.ts';
import { signatureTables } from './signatures.ts';
import { onUnitStates } from './transitions.ts';

/** The constraint that keeps a work unit from having two orders at a time. */
export const oneOrderPerUnit = 'work_orders_one_per_unit';

const quoted = (states: readonly string[]) => states.map((state) => `'${state}'`).join(', ');

const tables = `
CREATE TABLE IF NOT EXISTS work_orders (
  id text PRIMARY KEY, line text NOT NULL, unit text, product text NOT NULL, material text NOT NULL, lot text NOT NULL,
  material_ready boolean NOT NULL, urgency int NOT NULL, due_at timestamptz NOT NULL, quantity int NOT NULL,
  reported int NOT NULL DEFAULT 0, good int NOT NULL DEFAULT 0, scrap int NOT NULL DEFAULT 0,
  rework int NOT NULL DEFAULT 0, rework_count int NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'created', version int NOT NULL DEFAULT 1,
  state_entered_at timestamptz NOT NULL DEFAULT now(), created_at timestamptz NOT NULL DEFAULT now(),
  predecessor text
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS work_orders_line_state ON work_orders (line, state);
CREATE UNIQUE INDEX IF NOT EXISTS ${oneOrderPerUnit} ON work_orders (unit) WHERE state IN (${quoted(onUnitStates)});

CREATE TABLE IF NOT EXISTS work_units (
  id text PRIMARY KEY, line text NOT NULL, status text NOT NULL DEFAULT 'idle' CHECK (status IN ('idle', 'busy')),
  status_at timestamptz NOT NULL DEFAULT now(), current_order text,
  last_seq bigint NOT NULL DEFAULT 0, last_op_id text, last_device_ts timestamptz
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS operations (
  id bigserial PRIMARY KEY, op_id text NOT NULL, work_order_id text NOT NULL, unit text NOT NULL, line text NOT NULL,
  source text NOT NULL, seq bigint NOT NULL, serial text NOT NULL,
  result text NOT NULL CHECK (result IN ('good', 'scrap', 'rework')),
  device_ts timestamptz NOT NULL, server_ts timestamptz NOT NULL DEFAULT now(), recovered boolean NOT NULL,
  actor text NOT NULL, role text NOT NULL, material text NOT NULL DEFAULT '', lot text NOT NULL DEFAULT ''
);
ALTER TABLE operations ADD COLUMN IF NOT EXISTS material text NOT NULL DEFAULT '',
  ADD COLUMN IF NOT EXISTS lot text NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS operations_server_ts ON operations (server_ts);

CREATE TABLE IF NOT EXISTS transitions (
  id bigserial PRIMARY KEY, work_order_id text NOT NULL, line text NOT NULL, command text NOT NULL,
  from_state text NOT NULL, to_state text NOT NULL, actor text NOT NULL, role text NOT NULL,
  command_id text NOT NULL, device_ts timestamptz NOT NULL, server_ts timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS idempotency_keys (
  key text PRIMARY KEY, status int NOT NULL, response jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS devices (
  id text PRIMARY KEY, line text NOT NULL, unit text, last_heartbeat_at timestamptz, state text NOT NULL
);

CREATE TABLE IF NOT EXISTS outbox (
  id bigserial PRIMARY KEY, topic text NOT NULL, op_id text, payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(), published_at timestamptz, traceparent text
);
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS traceparent text;
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
`;

/** The tables of the MES. */
export function mesSchema({ idempotent }: { idempotent: boolean }): string {
  return tables + quarantineTables + signatureTables + uniqueOpId('operations', idempotent);
}

/** The plant's own units and devices, known before anything was heard from them. */
export async function seedPlant(session: Session, lines: readonly Line[]): Promise<void> {
  const units = lines.flatMap(({ id: line, units }) => units.map((unit) => ({ id: unit.id, line })));
  const devices = lines.flatMap(({ id: line, units }) =>
    units.flatMap((unit) => unit.devices.map((id) => ({ id, line, unit: unit.id }))),
  );
  await session.query(seedUnits, [JSON.stringify(units)]);
  await session.query(seedDevices, [JSON.stringify(devices)]);
}

const seedUnits = {
  name: 'seed-units',
  text: `INSERT INTO work_units (id, line) SELECT id, line FROM jsonb_to_recordset($1) AS u(id text, line text)
    ON CONFLICT (id) DO NOTHING`,
};

const seedDevices = {
  name: 'seed-devices',
  text: `INSERT INTO devices (id, line, unit, state)
    SELECT id, line, unit, 'not_available' FROM jsonb_to_recordset($1) AS d(id text, line text, unit text)
    ON CONFLICT (id) DO NOTHING`,
};
