import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNdjson } from '../kit/ndjson.ts';
import { waitFor } from '../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';
import { startGateway } from './edge/gateway.ts';
import { startErp } from './erp/erp.ts';
import type { Acknowledgement } from './operators/op-sequence.ts';
import { startOperators } from './operators/operators.ts';
import type { RunningProcess } from './run-process.ts';
import { edgeSettingsSchema, erpSettingsSchema, operatorsSettingsSchema, standardLine } from './settings.ts';
import { query } from './testing/query.ts';
import { noQueue, startTestMes, type TestMes, testContext, testTokens } from './testing/test-mes.ts';

const line = standardLine('L1', 2);
const stack = new AsyncDisposableStack();
let folder: string;
let postgres: TestPostgres;
let url: string;
let mes: TestMes;
let gateway: RunningProcess;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-line-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  postgres = stack.use(await startTestPostgres());
  url = await postgres.database('mes');
  mes = stack.use(await startTestMes({ database: url, lines: [line], dispatch_interval_ms: 50 }));
  const access = { url: mes.url, token: 'system' };
  const edge = {
    line,
    mes: access,
    tokens: testTokens,
    journal: path.join(folder, 'L1.sqlite'),
    job_poll_ms: 50,
  };
  gateway = stack.use(await startGateway(edgeSettingsSchema.parse(edge), testContext));
  const erp = { database: await postgres.database('erp'), queue: noQueue, mes: access, lines: [line] };
  const orders = { order_quantity: 3, open_orders_per_unit: 2, supply_interval_ms: 50 };
  stack.use(await startErp(erpSettingsSchema.parse({ ...erp, ...orders }), testContext));
});
afterAll(() => stack.disposeAsync());

const shift = () =>
  startOperators(
    operatorsSettingsSchema.parse({
      lines: [{ line, gateway: gateway.url, token: 'operator' }],
      acknowledgements: folder,
      cycle_ms: 20,
      job_poll_ms: 20,
      leader: { url: mes.url, token: 'leader' },
      quality_interval_ms: 50,
    }),
    testContext,
  );
const acknowledged = () => readNdjson(path.join(folder, 'L1.ndjson')) as Acknowledgement[];
const closed = async () =>
  (await query<{ id: string }>(url, "SELECT id FROM work_orders WHERE state = 'closed'")).length;
const until = (what: string, check: () => Promise<boolean>) =>
  waitFor(check, { what, timeoutMs: 50_000, everyMs: 50 });

describe('A line', () => {
  it('works by itself: orders come, are dispatched, made piece by piece, and closed.', async () => {
    await using people = await shift();
    await until('four closed orders', async () => (await closed()) >= 4);
    expect((await (await fetch(`${people.url}/-/status`)).json()) as object).toMatchObject({
      acknowledged: { L1: expect.any(Number) },
    });
    const orders = await query(
      url,
      "SELECT quantity, reported, good + scrap + rework AS sum FROM work_orders WHERE state = 'closed'",
    );
    for (const order of orders) expect(order).toEqual({ quantity: 3, reported: 3, sum: 3 });
  });

  it('goes on counting where it stopped, and never uses a number twice.', async () => {
    const before = acknowledged().length;
    const people = await shift();
    await until('more reports', async () => acknowledged().length > before + 5);
    await people[Symbol.asyncDispose]();
    const all = acknowledged();
    for (const { id } of line.units) {
      const numbers = all.filter(({ source }) => source === id).map(({ seq }) => seq);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
    expect(new Set(all.map(({ op }) => op)).size).toBe(all.length);
  });

  it('has every acknowledged operation in the MES, once, and in order.', async () => {
    const all = acknowledged();
    const booked = async () =>
      (await query<{ op_id: string }>(url, 'SELECT op_id FROM operations ORDER BY id')).map(
        ({ op_id }) => op_id,
      );
    const known = new Set(all.map(({ op }) => op));
    const bookedOf = async () => (await booked()).filter((op) => known.has(op));
    await until('the forwarding', async () => (await bookedOf()).length >= all.length);
    const ops = await bookedOf();
    expect(ops.toSorted()).toEqual(all.map(({ op }) => op).toSorted());
    for (const { id } of line.units) {
      const mine = ops.filter((op) => op.startsWith(`${id}-`));
      expect(mine).toEqual(all.filter(({ source }) => source === id).map(({ op }) => op));
    }
    // When a shift ends, the answer to the report under way is no longer heard: booked it may be, acknowledged it is not.
    const unheard = (await booked()).filter((op) => !known.has(op));
    expect(unheard.length).toBeLessThanOrEqual(2 * line.units.length);
  });

  it('is kept in orders by the ERP: so many open ones for each unit, and no more.', async () => {
    const open = async () =>
      (await query(url, "SELECT FROM work_orders WHERE state IN ('created', 'returned', 'dispatched')"))
        .length;
    await until('the supply', async () => (await open()) === 4);
  });
});
