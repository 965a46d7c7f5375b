-- The tables of a MES database that the exporter reads, with a few rows.
CREATE TABLE work_orders (
  id text PRIMARY KEY, line text, unit text, product text, material text, lot text, material_ready bool, urgency int,
  due_at timestamptz, quantity int, reported int, good int, scrap int, rework int, rework_count int, state text,
  version int, state_entered_at timestamptz, created_at timestamptz);
CREATE TABLE transitions (
  id bigserial PRIMARY KEY, work_order_id text, line text, command text, from_state text, to_state text, actor text,
  role text, command_id text, device_ts timestamptz, server_ts timestamptz);
CREATE TABLE outbox (id bigserial PRIMARY KEY, topic text, created_at timestamptz, published_at timestamptz);
CREATE TABLE devices (id text PRIMARY KEY, line text, last_heartbeat_at timestamptz, state text);

INSERT INTO work_orders (id, line, reported, good, state, state_entered_at) VALUES
  ('wo-1', 'L1', 0, 0, 'created',   '2026-01-01T00:00:00Z'),
  ('wo-2', 'L1', 3, 3, 'returned',  '2026-01-01T00:01:00Z'),
  ('wo-3', 'L1', 4, 3, 'running',   '2026-01-01T00:02:00Z'),
  ('wo-4', 'L2', 5, 5, 'running',   '2026-01-01T00:03:00Z'),
  ('wo-5', 'L2', 9, 8, 'completed', '2026-01-01T00:04:00Z'),
  ('wo-6', 'L2', 9, 9, 'closed',    '2025-01-01T00:00:00Z');
INSERT INTO transitions (work_order_id, line, from_state, to_state) VALUES
  ('wo-3', 'L1', 'created', 'dispatched'), ('wo-4', 'L2', 'created', 'dispatched'), ('wo-4', 'L2', 'returned', 'dispatched');
INSERT INTO devices VALUES
  ('L1-U1-PLC', 'L1', '2026-01-01T00:00:30Z', 'producing'), ('L1-U2-PLC', 'L1', NULL, NULL);
INSERT INTO outbox (topic, created_at, published_at) VALUES
  ('wo.start', '2026-01-01T00:02:00Z', '2026-01-01T00:02:01Z'),
  ('wo.start', '2026-01-01T00:03:00Z', NULL), ('wo.complete', '2026-01-01T00:04:00Z', NULL);
