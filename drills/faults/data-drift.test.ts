import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { Injection } from '../fault.ts';
import { newSince, survey } from '../survey/survey.ts';
import { testHost } from '../testing/test-host.ts';
import { byHand, revert } from '../undo.ts';
import { dataDrift } from './data-drift.ts';

const stack = new AsyncDisposableStack();
const never = new AbortController().signal;
let postgres: TestPostgres;
let plant: pg.Client;
let setup: ReturnType<typeof testHost>;

beforeAll(async () => {
  postgres = stack.use(await startTestPostgres());
  plant = await postgres.session('wms');
  await plant.query(`
    CREATE TABLE moves (id bigserial PRIMARY KEY, op_id text UNIQUE, quantity int NOT NULL CHECK (quantity > 0),
      doubled int GENERATED ALWAYS AS (quantity * 2) STORED, always int GENERATED ALWAYS AS IDENTITY, note text, line text);
    CREATE TABLE watched (id int PRIMARY KEY, n int); INSERT INTO watched VALUES (1, 1), (2, 1), (3, 1);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER told AFTER DELETE ON watched FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2), (3);
    CREATE TABLE child (parent int REFERENCES parent);
    CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT SELECT ON moves TO clerk`);
  setup = stack.use(
    testHost({
      'wms-db': { kind: 'postgres', url: 'postgres://x@127.0.0.1:1/x', admin_url: postgres.url() },
      'clerk-db': { kind: 'postgres', url: postgres.url().replace('postgres:test@', 'clerk:clerk@') },
    }),
  );
});
afterAll(() => stack.disposeAsync());
beforeEach(() =>
  plant.query(`TRUNCATE moves RESTART IDENTITY;
    INSERT INTO moves (op_id, quantity, note, line) SELECT 'op-' || n, n, 'it''s "n"', 'L' || n % 2 FROM generate_series(1, 6) n`),
);

const missing = { relation: 'moves', key: ['op_id'], how: 'delete', rows: 2 };
const wrong = { relation: 'moves', key: ['op_id'], how: 'change', column: 'quantity', by: 5, rows: 2 };
const all = async () => (await plant.query('SELECT * FROM moves ORDER BY id')).rows;
const target = (name = 'wms-db') => ({ name, target: setup.targets[name] ?? expect.fail() });
const planned = (wish: object, run: string = randomUUID()) =>
  dataDrift.plan(dataDrift.params.parse(wish), target(), run, 60_000);
const inject = (wish: object, plan = planned(wish)): Promise<Injection> =>
  dataDrift.inject(plan, dataDrift.params.parse(wish), target(), setup.host, never);
const demand = (wish: object, name?: string) =>
  dataDrift.demand?.(dataDrift.params.parse(wish), target(name), setup.host);
const found = () => survey([target()], { fetch });

describe.each([
  ['delete', missing, ['op-5', 'op-6']],
  ['change', wrong, ['op-5', 'op-6']],
] as const)('Rows that drift (%s)', (how, wish, concerned) => {
  test('are the newest; they are back exactly as they were at the end, and nothing is left.', async () => {
    const [before, surveyed] = [await all(), await found()];
    await using fault = await inject(wish);
    const drifted = await all();
    const differ = before.filter(
      (row) => !drifted.some((other) => JSON.stringify(other) === JSON.stringify(row)),
    );
    expect(differ.map(({ op_id }) => op_id)).toEqual(concerned);
    expect(drifted).toHaveLength(how === 'delete' ? 4 : 6);
    expect(await fault.touched()).toBe(2);
    expect(await fault.residue()).toEqual([
      expect.stringContaining('2 rows of moves on wms-db are not as they were'),
    ]);
    expect(newSince(surveyed, await found())).toEqual([
      expect.stringMatching(/^wms-db: rows kept in andon_drift_/),
    ]);
    await fault[Symbol.asyncDispose]();
    expect(await all()).toEqual(before);
    expect([await fault.residue(), newSince(surveyed, await found())]).toEqual([[], []]);
  });

  test('that a runbook has put right are left alone; that it did so is noticed.', async () => {
    await using fault = await inject(wish);
    if (how === 'delete')
      await plant.query(
        `INSERT INTO moves (op_id, quantity, note) SELECT 'op-' || n, n, 'repaired' FROM generate_series(5, 6) n`,
      );
    else await plant.query(`UPDATE moves SET quantity = quantity - 5, note = 'repaired' WHERE quantity > 6`);
    expect(await fault.liftedByOthers).toBe('runbook');
    const repaired = await all();
    await fault[Symbol.asyncDispose]();
    expect(await all()).toEqual(repaired);
    expect(repaired.filter(({ note }) => note === 'repaired')).toHaveLength(2);
    expect(await fault.residue()).toEqual([]);
  });

  test('are put back by the undo alone, once however often it is carried out, and also where nothing drifted.', async () => {
    const before = await all();
    const plan = planned(wish);
    const undo = () => revert(plan.undo, setup.host, AbortSignal.timeout(10_000));
    await undo();
    expect(await all()).toEqual(before);
    await using fault = await inject(wish, plan);
    await Promise.all([undo(), undo(), undo()]);
    await undo();
    expect(await all()).toEqual(before);
    expect(await fault.residue()).toEqual([]);
  });
});

test('What somebody has done with one of the rows since is not undone.', async () => {
  await using fault = await inject(wrong);
  await plant.query(`UPDATE moves SET quantity = 100 WHERE op_id = 'op-6'`);
  await fault[Symbol.asyncDispose]();
  const quantities = (await all()).map(({ op_id, quantity }) => [op_id, quantity]);
  expect(Object.fromEntries(quantities)).toMatchObject({ 'op-5': 5, 'op-6': 100 });
});

test('Only rows that the drill wants drift, and none that the plant is working on.', async () => {
  const busy = await postgres.session('busy');
  await busy.query(`BEGIN; SELECT FROM moves WHERE op_id = 'op-5' FOR UPDATE`);
  await using _fault = await inject({ ...missing, where: { line: 'L1' } });
  await busy.query('ROLLBACK');
  expect((await all()).map(({ op_id }) => op_id)).toEqual(['op-2', 'op-4', 'op-5', 'op-6']);
  await busy.end();
});

test('A break that fails halfway leaves nothing: no row has changed, and no table is there.', async () => {
  const [before, surveyed] = [await all(), await found()];
  await expect(inject({ ...wrong, by: -5 })).rejects.toThrow('moves_quantity_check');
  expect(await all()).toEqual(before);
  expect(newSince(surveyed, await found())).toEqual([]);
});

test.for([
  [{ relation: 'mooves' }, 'relation "mooves" does not exist'],
  [{ key: ['op'] }, 'it has not all of the columns op'],
  [{ key: ['quantity'] }, 'no unique index tells its rows apart by quantity'],
  [{ rows: 7 }, 'has 6 of the 7 rows that the drill wants'],
  [{ where: { line: 'L9' } }, 'has 0 of the 2 rows'],
  [{ how: 'change', column: 'note' }, 'note is no column of numbers that can be set'],
  [{ how: 'change', column: 'doubled' }, 'doubled is no column of numbers that can be set'],
  [{ relation: 'watched', key: ['id'] }, 'it has triggers'],
  [{ relation: 'parent', key: ['id'] }, 'other tables refer to its rows'],
] as const)('%o is refused before anything is touched.', async ([changes, why]) => {
  const before = await all();
  await expect(demand({ ...missing, ...changes })).rejects.toThrow(why);
  await expect(inject({ ...missing, ...changes })).rejects.toThrow(why);
  expect(await all()).toEqual(before);
});

test('A role without the rights is told which it needs.', async () => {
  await expect(demand(missing, 'clerk-db')).rejects.toThrow('GRANT SELECT, INSERT, UPDATE, DELETE');
  await demand(missing);
});

test('A plan says what drifts, and its undo can be followed by a person; it holds no row and no password.', () => {
  const plan = planned({ ...wrong, where: { line: 'L1' } }, 'run-1');
  expect(plan.effects[0]).toContain('adds 5 to quantity of the 2 newest rows of moves with line = "L1"');
  expect(byHand(plan.undo, setup.targets)).toMatch(
    /set it to that of andon_drift_\w+; then: DROP TABLE andon_drift_\w+;$/,
  );
  expect(JSON.stringify(plan)).not.toContain('test@');
  expect(dataDrift.params.safeParse({ ...missing, column: 'quantity' }).success).toBe(false);
  expect(dataDrift.params.safeParse({ ...wrong, column: undefined }).success).toBe(false);
});
