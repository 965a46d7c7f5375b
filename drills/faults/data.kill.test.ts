import type pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { connectPostgres } from '../../kit/postgres.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

const limits = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, connectTimeoutMs: 10_000 };
const stack = new AsyncDisposableStack();
/** Each in a database of its own: a survey does not tell whose rows are kept in it. */
const relations = ['lost', 'wrong'] as const;
type Relation = (typeof relations)[number];
let range: KillRange;
const plants = new Map<Relation, pg.Client>();

beforeAll(async () => {
  const server = stack.use(await startTestPostgres());
  const targets = new Map<Relation, object>();
  for (const name of relations) {
    const url = await server.database(name);
    const plant = await connectPostgres({ url, applicationName: 'plant', ...limits });
    stack.defer(() => plant.end());
    await plant.query(`CREATE TABLE ${name} (id int PRIMARY KEY, n int);
      INSERT INTO ${name} SELECT i, i FROM generate_series(1, 5) i`);
    plants.set(name, plant);
    targets.set(name, { kind: 'postgres', url });
  }
  range = stack.use(new KillRange(Object.fromEntries(targets)));
});
afterAll(() => stack.disposeAsync());

/** The sum of the table is another one while any of its rows is missing or wrong. */
const caseOf = (relation: Relation, wish: object): KillCase => ({
  doom: { kind: 'data.drift', target: relation, with: { relation, key: ['id'], rows: 2, ...wish } },
  present: async () => {
    const answer = await plants.get(relation)?.query(`SELECT sum(n)::int AS sum FROM ${relation}`);
    return answer?.rows[0].sum !== 15;
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
