import type pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

const stack = new AsyncDisposableStack();
let range: KillRange;
let plant: pg.Client;

beforeAll(async () => {
  const server = stack.use(await startTestPostgres());
  plant = await server.session('plant');
  for (const table of ['lost', 'wrong'])
    await plant.query(`CREATE TABLE ${table} (id int PRIMARY KEY, n int);
      INSERT INTO ${table} SELECT i, i FROM generate_series(1, 5) i`);
  range = stack.use(new KillRange({ 'wms-db': { kind: 'postgres', url: server.url() } }));
});
afterAll(() => stack.disposeAsync());

/** The sum of the table is another one while any of its rows is missing or wrong. */
const caseOf = (relation: string, wish: object): KillCase => ({
  doom: { kind: 'data.drift', target: 'wms-db', with: { relation, key: ['id'], rows: 2, ...wish } },
  present: async () => {
    const { rows } = await plant.query(`SELECT sum(n)::int AS sum FROM ${relation}`);
    return rows[0].sum !== 15;
  },
});
const cases = [caseOf('lost', { how: 'delete' }), caseOf('wrong', { how: 'change', column: 'n' })];

test.concurrent.each(cases)(
  'A runner that is killed leaves no row of $doom.with.relation missing or wrong for longer than 5 s.',
  (fault) => range.killAll(fault),
  killRounds * 60_000,
);

test.each(cases)(
  'Nor when its watchdog is dead too ($doom.with.relation): a leash takes it back.',
  async (fault) => {
    await range.killWatchdogToo(fault);
    await range.killWatchdogToo(fault, 'SIGSTOP');
  },
  120_000,
);
