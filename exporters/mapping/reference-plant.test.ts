import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { mesSchema, seedPlant } from '../../plant/mes/schema.ts';
import { states } from '../../plant/mes/transitions.ts';
import { standardLine } from '../../plant/settings.ts';
import { mes } from '../collectors/mes.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';

// The mapping that ships, held against the tables that the plant makes itself.
const opened = new AsyncDisposableStack();
let client: pg.Client;
let collectors: TestCollectors;
beforeAll(async () => {
  const postgres = opened.use(await startTestPostgres());
  const url = await postgres.database('mes');
  client = new pg.Client({ connectionString: url });
  await client.connect();
  opened.defer(() => client.end());
  await client.query(mesSchema({ idempotent: true }));
  const session = {
    query: async ({ text }: { text: string }, values: unknown[]) => (await client.query(text, values)).rows,
  };
  await seedPlant(session as unknown as Parameters<typeof seedPlant>[0], [standardLine('L1', 2)]);
  collectors = opened.use(
    new TestCollectors(mes, {
      targets: {
        mes: { kind: 'mes', url: 'http://127.0.0.1:9', database: 'mes-db' },
        'mes-db': { kind: 'postgres', url },
      },
    }),
  );
});
afterAll(() => opened.disposeAsync());

/** What the queries find, each without a failure. */
async function found(): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const collector of collectors.all.filter(({ target }) => target === 'mes-db')) {
    const result = await collectOnce(collector);
    expect(result.failure, collector.name).toBeUndefined();
    Object.assign(all, Object.fromEntries(result.found));
  }
  return all;
}

const signatures = 'target="mes",source="mes",destination="esign",entity="signatures"';
const outbox = 'target="mes",source="mes",destination="queue",entity="events"';

it('finds nothing wrong with a plant in which nothing has happened yet', async () => {
  const now = Date.now() / 1000;
  const all = await found();
  expect(all).toMatchObject({
    'mes_work_orders{target="mes",state="running"}': 0,
    'mes_device_state{target="mes",line="L1",device="L1-U2-PLC",state="not_available"}': 1,
    [`mes_sync_pending_records{${outbox}}`]: 0,
  });
  // With nothing to be synchronised both ends hold the same, as of now.
  expect(all[`mes_sync_last_success_timestamp_seconds{${outbox}}`]).toBeGreaterThan(now - 60);
  expect(Object.keys(all).filter((series) => series.startsWith('mes_device_last'))).toEqual([]);
  expect(Object.keys(all).filter((series) => series.includes('signatures'))).toEqual([]);
});

it('has an ISA-95 name for every state of the plant, and counts what its lines put out', async () => {
  const insert = `INSERT INTO work_orders
    (id, line, product, material, lot, material_ready, urgency, due_at, quantity, reported, good, state)
    SELECT s, 'L1', 'p', 'm', 'l', true, 0, now(), 9, 3, 2, s FROM unnest($1::text[]) AS s`;
  await client.query(insert, [states]);
  await client.query(
    `INSERT INTO outbox (topic, payload, created_at) VALUES ('t', '{}', to_timestamp(1000))`,
  );
  await client.query(
    `INSERT INTO signature_contact VALUES ('esign', to_timestamp(2000), 8);
     INSERT INTO signature_requests (id, work_order_id, subject, signed_at) VALUES ('a', 'a', '{}', NULL), ('b', 'b', '{}', now())`,
  );
  const all = await found();
  const orders = Object.entries(all).filter(([series]) => series.startsWith('mes_work_orders{'));
  expect(orders.reduce((sum, [, count]) => sum + count, 0)).toBe(states.length);
  expect(orders.every(([, count]) => count > 0)).toBe(true);
  expect(all).toMatchObject({
    'mes_produced_items_total{target="mes",line="L1"}': 3 * states.length,
    'mes_good_items_total{target="mes",line="L1"}': 2 * states.length,
    [`mes_sync_pending_records{${outbox}}`]: 1,
    [`mes_sync_last_success_timestamp_seconds{${outbox}}`]: 1000,
    [`mes_sync_pending_records{${signatures}}`]: 1,
    [`mes_sync_last_success_timestamp_seconds{${signatures}}`]: 2000,
    [`mes_sync_interval_seconds{${signatures}}`]: 8,
  });
});
