import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revert } from '../undo.ts';
import {
  type DatabasePlace,
  databaseKinds,
  demanded,
  injected,
  startDatabase,
  within,
} from './db/testing/database-place.ts';
import { Slowdown } from './db-slow/slowdown.ts';
import { dbSlow } from './db-slow.ts';

const stack = new AsyncDisposableStack();
let places: Record<DatabasePlace['kind'], DatabasePlace>;
const clerk = { name: 'clerk', password: 'clerk' };
const rows = { postgres: 'generate_series(1, 60000) AS id', mysql: 'seq_1_to_60000' };

beforeAll(async () => {
  const [postgres, mysql] = await Promise.all([startDatabase('postgres'), startDatabase('mysql')]);
  places = { postgres: stack.use(postgres), mysql: stack.use(mysql) };
  await postgres.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk' CONNECTION LIMIT 3");
  await mysql.query("CREATE USER clerk@'127.0.0.1' IDENTIFIED BY 'clerk' WITH MAX_USER_CONNECTIONS 3");
  await mysql.query("GRANT CREATE TEMPORARY TABLES ON mes.* TO clerk@'127.0.0.1'");
});
afterAll(() => stack.disposeAsync());

/** Statements of the drills that run on the server now. */
async function atWork({ kind, query }: DatabasePlace, run: string): Promise<number> {
  const text =
    kind === 'postgres'
      ? `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'andon-drill-${run}' AND state = 'active'`
      : `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID()
         AND INFO LIKE '/* andon-drill-${run} */%'`;
  return Number((await query(text))[0]?.n);
}

// One test at a time: each is about what the others would feel.
describe.each(databaseKinds)('A busy %s', (kind) => {
  test('makes a statement slower that is measured all the time, and is idle at once afterwards', async () => {
    const place = places[kind];
    const run = randomUUID();
    await using fault = await injected(dbSlow, { workers: 8 }, place, run);
    await within('eight at work', async () => (await atWork(place, run)) >= 8);
    await within('a slower answer', async () => (await fault.touched()) > 0);
    await fault[Symbol.asyncDispose]();
    expect(await atWork(place, run)).toBe(0);
    expect(await fault.touched(), 'it is remembered').toBeGreaterThan(0);
    expect(await fault.residue()).toEqual([]);
    await fault[Symbol.asyncDispose]();
    expect(await Promise.race([fault.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('that reads needs something to read, and the right to', async () => {
    const place = places[kind];
    const nothing = { code: 'db-slow.nothing-to-read', mend: expect.stringContaining('GRANT SELECT') };
    await expect(demanded(dbSlow, { kind: 'io' }, place)).rejects.toMatchObject(nothing);
    await expect(injected(dbSlow, { kind: 'io' }, place, randomUUID())).rejects.toMatchObject(nothing);
    await place.query(`CREATE TABLE big AS SELECT *, '${'x'.repeat(60)}' AS text FROM ${rows[kind]}`);
    if (kind === 'mysql') await place.query('ANALYZE TABLE big');
    await demanded(dbSlow, { kind: 'io' }, place);
    const asClerk = { ...place, target: place.targetOf(clerk) };
    await expect(demanded(dbSlow, { kind: 'io' }, asClerk)).rejects.toMatchObject(nothing);
    await using fault = await injected(dbSlow, { kind: 'io', workers: 2 }, place, randomUUID());
    await within('some readings', async () => (await fault.touched()) > 2);
  });

  test('that does not get all its sessions leaves none behind', async () => {
    const place = places[kind];
    const asClerk = { ...place, target: place.targetOf(clerk) };
    await expect(injected(dbSlow, { workers: 6 }, asClerk, randomUUID())).rejects.toThrow();
    const left =
      kind === 'postgres'
        ? "SELECT 1 FROM pg_stat_activity WHERE usename = 'clerk'"
        : "SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'clerk'";
    await within('no session', async () => (await place.query(left)).length === 0);
  });

  test('is over when somebody ends the sessions: the undo, which is fine to repeat', async () => {
    const place = places[kind];
    const run = randomUUID();
    await using fault = await injected(dbSlow, { workers: 2 }, place, run);
    const { undo } = dbSlow.plan(dbSlow.params.parse({ workers: 2 }), place.target, run, 1000);
    await revert(undo, { ...place, fetch }, AbortSignal.timeout(10_000));
    expect(await fault.liftedByOthers).toBe('runbook');
    expect(await fault.residue()).toEqual([]);
    await revert(undo, { ...place, fetch }, AbortSignal.timeout(10_000));
  });
});

test('A statement that takes as long as before says that nobody feels anything; too few measurements say so too.', () => {
  const slowdown = new Slowdown();
  for (const ms of [30, 29, 300, 31, 30]) slowdown.before(ms);
  for (const ms of [300, 400]) slowdown.since(ms);
  expect(slowdown.isFelt).toBe(false);
  for (const ms of [31, 30, 29, 36, 32]) slowdown.since(ms);
  expect([slowdown.isFelt, Math.round(slowdown.ratio * 10) / 10]).toEqual([false, 1]);
  for (const ms of [60, 70, 65]) slowdown.since(ms);
  expect(slowdown.isFelt).toBe(true);
});

test('A busy server is planned in words, and wrong wishes are refused.', () => {
  const plan = dbSlow.plan(dbSlow.params.parse({ kind: 'io' }), places.postgres.target, 'r1', 1000);
  expect(plan.effects.join('\n')).toMatch(/opens 5 sessions[\s\S]*biggest table[\s\S]*after 4 s/);
  expect(plan.undo).toEqual({
    kind: 'postgres.end-sessions',
    target: 'mes-db',
    applicationName: 'andon-drill-r1',
  });
  for (const wish of [{ workers: 0 }, { workers: 65 }, { kind: 'gpu' }, { mode: 'cpu' }])
    expect(dbSlow.params.safeParse(wish).success).toBe(false);
});
