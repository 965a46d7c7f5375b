import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Target } from '../../kit/targets.ts';
import { targetSchema } from '../../kit/targets.ts';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { revert } from '../undo.ts';
import { freezable, injected, within } from './db/testing/database-place.ts';
import { dbConnections } from './db-connections.ts';

type Engine = 'postgres' | 'mysql';
const limit = 24;
/** Of these, PostgreSQL keeps 3 for superusers; MySQL lets one administrator in on top. */
const ordinary: Record<Engine, number> = { postgres: limit - 3, mysql: limit };
const stack = new AsyncDisposableStack();
const urls = { postgres: '', mysql: '' };
/** The administrator's own session, which was there before. */
let ask: Record<Engine, (sql: string) => Promise<Record<string, unknown>[]>>;

beforeAll(async () => {
  const [postgres, mysql] = await Promise.all([
    startTestPostgres([`max_connections=${limit}`]),
    startTestMariadb({ settings: { 'max-connections': String(limit) } }),
  ]);
  stack.use(postgres);
  stack.use(mysql);
  urls.postgres = postgres.url();
  urls.mysql = mysql.url('mysql');
  const pgAdmin = await postgres.session('test');
  const myAdmin = await mysql.session('test');
  ask = {
    postgres: async (sql) => (await pgAdmin.query(sql)).rows,
    mysql: async (sql) => (await myAdmin.query(sql))[0] as Record<string, unknown>[],
  };
  await ask.postgres(
    "CREATE ROLE clerk LOGIN PASSWORD 'clerk' ; CREATE ROLE poor LOGIN PASSWORD 'poor' CONNECTION LIMIT 3",
  );
  for (const [user, most] of [
    ['clerk', 0],
    ['poor', 3],
  ])
    await ask.mysql(
      `CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY '${user}' WITH MAX_USER_CONNECTIONS ${most}`,
    );
  await ask.mysql("GRANT SELECT ON mysql.* TO clerk@'127.0.0.1'");
  await ask.mysql("GRANT SELECT ON mysql.* TO poor@'127.0.0.1'");
});
afterAll(() => stack.disposeAsync());

const urlOf = (engine: Engine, user?: string): string =>
  user === undefined
    ? urls[engine]
    : Object.assign(new URL(urls[engine]), { username: user, password: user }).href;
const target = (engine: Engine, user?: string): { name: string; target: Target } => ({
  name: 'mes-db',
  target: targetSchema.parse({ kind: engine, url: urlOf(engine, user) }),
});
const place = (engine: Engine, user?: string) => {
  const named = target(engine, user);
  return { target: named, targets: { 'mes-db': named.target } };
};
const inject = (engine: Engine, wish: object, run: string = randomUUID()) =>
  injected(dbConnections, wish, place(engine), run);
const demanded = (engine: Engine, wish: object) =>
  dbConnections.demand?.(dbConnections.params.parse(wish), target(engine), {
    ...place(engine),
    clock: { now: () => 0, sleep: async () => {} },
    log: undefined as never,
    fetch,
  });
/** One more client, who goes at once. */
async function connects(engine: Engine, user?: string): Promise<void> {
  const session = await openClient(engine, user);
  await session.end();
}
function openClient(engine: Engine, user?: string): Promise<{ end(): Promise<void> }> {
  const url = urlOf(engine, user);
  const limits = { statementTimeoutMs: 5000, lockTimeoutMs: 5000 };
  return engine === 'postgres'
    ? connectPostgres({ url, applicationName: 'mes', ...limits })
    : connectMysql({ url, applicationName: 'mes' });
}
async function openNow(engine: Engine): Promise<number> {
  const rows =
    engine === 'postgres'
      ? await ask.postgres(
          "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend'",
        )
      : await ask.mysql("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  return Number(rows[0]?.n ?? rows[0]?.Value);
}
/** Only the administrator's own session is there: MySQL counts one that has said goodbye until its thread has ended. */
const alone = (engine: Engine) => within('nobody else', async () => (await openNow(engine)) === 1);
const full = /remaining connection slots are reserved|too many clients|Too many connections/;

// One test at a time on a server: connections are of the whole server. Both servers beside each other.
describe.concurrent.each(['postgres', 'mysql'] as const)('Taken connections of %s', (engine) => {
  test('leave nobody in but an administrator, who can heal, and everybody again afterwards', {
    concurrent: false,
  }, async () => {
    await alone(engine);
    await using fault = await inject(engine, {});
    expect(await openNow(engine)).toBe(ordinary[engine]);
    expect(await fault.touched()).toBeGreaterThan(10);
    await expect(connects(engine, 'clerk')).rejects.toThrow(full);
    await connects(engine);
    await fault[Symbol.asyncDispose]();
    await alone(engine);
    await connects(engine, 'clerk');
    expect(await fault.residue()).toEqual([]);
    await fault[Symbol.asyncDispose]();
    await alone(engine);
    expect(await Promise.race([fault.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('become more when others go, and fewer when an administrator comes, outliving the lease', {
    concurrent: false,
  }, async () => {
    await alone(engine);
    const leaving = await openClient(engine, 'clerk');
    const begin = Date.now();
    await using fault = await inject(engine, {});
    const touched = await fault.touched();
    await leaving.end();
    await within('one more', async () => (await fault.touched()) === touched + 1);
    const admin = await openClient(engine);
    await within('one given back', async () => (await openNow(engine)) === ordinary[engine]);
    await within('more than a lease', async () => Date.now() - begin > 5000);
    expect(await openNow(engine)).toBe(ordinary[engine]);
    await admin.end();
  });

  test('stop at what is to be left, or at a share of the limit', { concurrent: false }, async () => {
    await alone(engine);
    await using left = await inject(engine, { leave: 2 });
    expect(await openNow(engine)).toBe(ordinary[engine] - 2);
    await connects(engine, 'clerk');
    await left[Symbol.asyncDispose]();
    await alone(engine);
    await using _half = await inject(engine, { share: 0.5 });
    expect(await openNow(engine)).toBe(limit / 2);
  });

  test('touch nothing where they do not suffice, and nothing of them is left', {
    concurrent: false,
  }, async () => {
    await expect(inject(engine, { most: 3 })).rejects.toMatchObject({ code: 'db-connections.most' });
    await expect(demanded(engine, { most: 3 })).rejects.toMatchObject({
      mend: expect.stringContaining('Raise `most`'),
    });
    await expect(demanded(engine, { leave: limit })).rejects.toMatchObject({ code: 'db-connections.full' });
    await demanded(engine, {});
    await alone(engine);
  });

  test('of a user with a limit of his own are given back before the error', {
    concurrent: false,
  }, async () => {
    await expect(injected(dbConnections, {}, place(engine, 'poor'), randomUUID())).rejects.toMatchObject({
      code: 'db-connections.quota',
    });
    await alone(engine);
  });

  test('are ended by the server when there is no sign of life any more', { concurrent: false }, async () => {
    const { clock, freeze } = freezable();
    await using fault = await injected(dbConnections, { leave: 8 }, place(engine), randomUUID(), clock);
    freeze();
    expect(await fault.liftedByOthers).toBe('lease');
    await within('room', async () => (await openNow(engine)) < ordinary[engine] - 8);
  });

  test('are over when their undo is carried out, which is fine to repeat; nobody else is cut off', {
    concurrent: false,
  }, async () => {
    const run = randomUUID();
    await using fault = await inject(engine, { leave: 4 }, run);
    const params = dbConnections.params.parse({ leave: 4 });
    const { undo } = dbConnections.plan(params, target(engine), run, 1000);
    const deps = { targets: place(engine).targets, fetch };
    await revert(undo, deps, AbortSignal.timeout(10_000));
    expect(await fault.liftedByOthers).toBe('runbook');
    expect(await fault.residue()).toEqual([]);
    await revert(undo, deps, AbortSignal.timeout(10_000));
    await ask[engine]('SELECT 1');
  });
});

test('Taken connections are planned in words, and wrong wishes are refused.', () => {
  const planned = (wish: object) =>
    dbConnections.plan(dbConnections.params.parse(wish), target('postgres'), 'r1', 1000).effects.join('\n');
  expect(planned({})).toContain('until none of the connections that ordinary users may have are left');
  expect(planned({ share: 0.97 })).toContain('until 97 % of its connections are open');
  expect(planned({})).toContain('4 s after the last sign of life');
  const wrong = [{ leave: 1, share: 0.5 }, { share: 1.5 }, { leave: -1 }, { most: 0 }, { all: true }];
  for (const wish of wrong) expect(dbConnections.params.safeParse(wish).success).toBe(false);
});
