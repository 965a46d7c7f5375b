import { randomUUID } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectMysql } from '../../kit/mysql.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { Injection } from '../fault.ts';
import { testHost } from '../testing/test-host.ts';
import { byHand, revert } from '../undo.ts';
import { dbReadOnly } from './db-read-only.ts';

const stack = new AsyncDisposableStack();
const never = new AbortController().signal;
let postgres: TestPostgres;
let mariadb: TestMariadb;
let setup: ReturnType<typeof testHost>;
/** A client of the plant on each server, who writes; it opened its session long before. */
let writer: { postgres: pg.Client; mariadb: Connection };

beforeAll(async () => {
  [postgres, mariadb] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  stack.use(postgres);
  stack.use(mariadb);
  const mysqlAdmin = await mariadb.session('admin');
  await mariadb.database('mes');
  await mysqlAdmin.query('CREATE TABLE mes.work (id int)');
  await mysqlAdmin.query("CREATE USER clerk@'127.0.0.1' IDENTIFIED BY 'clerk'");
  await mysqlAdmin.query("GRANT ALL ON mes.* TO clerk@'127.0.0.1'");
  const clerk = `mysql://clerk:clerk@127.0.0.1:${mariadb.port}/mes`;
  writer = {
    postgres: await postgres.session('mes'),
    mariadb: await connectMysql({ url: clerk, applicationName: 'mes' }),
  };
  stack.defer(() => writer.mariadb.destroy());
  await writer.postgres.query("CREATE TABLE work (id int); CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
  setup = stack.use(
    testHost({
      postgres: { kind: 'postgres', url: 'postgres://x@127.0.0.1:1/x', admin_url: postgres.url() },
      mariadb: { kind: 'mysql', url: mariadb.url('mes') },
      'postgres-clerk': { kind: 'postgres', url: postgres.url().replace('postgres:test@', 'clerk:clerk@') },
      'mariadb-clerk': { kind: 'mysql', url: clerk },
    }),
  );
});
afterAll(() => stack.disposeAsync());

type Engine = 'postgres' | 'mariadb';
const engines: Engine[] = ['postgres', 'mariadb'];

const named = (name: string) => ({ name, target: setup.targets[name] ?? expect.fail() });
const planned = (name: string) => dbReadOnly.plan({}, named(name), randomUUID(), 60_000);
const inject = (name: string): Promise<Injection> =>
  dbReadOnly.inject(planned(name), {}, named(name), setup.host, never);
const ask = (engine: Engine, sql: string): Promise<unknown> =>
  engine === 'postgres' ? writer.postgres.query(sql) : writer.mariadb.query(sql);
const write = (engine: Engine) => ask(engine, 'INSERT INTO work VALUES (1)');
const refusal = { postgres: 'cannot execute INSERT in a read-only transaction', mariadb: '--read-only' };
const touches = (fault: Injection) =>
  waitFor(async () => (await fault.touched()) > 0, { what: 'a refusal that is counted', timeoutMs: 15_000 });
const undo = (name: string) => revert(planned(name).undo, setup.host, AbortSignal.timeout(10_000));
const demanded = (name: string) => dbReadOnly.demand?.({}, named(name), setup.host);

// One test at a time on a server: the setting is of the whole server.
describe.concurrent.each(engines)('A read-only %s server', (engine) => {
  test('refuses writers whose sessions are open, counts them, and lets them write again afterwards', {
    concurrent: false,
  }, async () => {
    await write(engine);
    await using fault = await inject(engine);
    await expect(write(engine)).rejects.toThrow(refusal[engine]);
    await ask(engine, 'SELECT count(*) FROM work');
    await expect(write(engine)).rejects.toThrow(refusal[engine]);
    await touches(fault);
    expect(await fault.residue()).toEqual([`${engine} is still read-only`]);
    await fault[Symbol.asyncDispose]();
    await write(engine);
    expect(await fault.touched(), 'it is remembered').toBeGreaterThan(0);
    expect(await fault.residue()).toEqual([]);
    await fault[Symbol.asyncDispose]();
    expect(await Promise.race([fault.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('touches nobody who only reads, nor who rolls back', { concurrent: false }, async () => {
    await write(engine);
    await ask(engine, 'BEGIN');
    await ask(engine, 'ROLLBACK');
    await using fault = await inject(engine);
    for (const statement of ['SELECT count(*) FROM work', 'BEGIN', 'SELECT 1', 'ROLLBACK']) {
      await ask(engine, statement);
      expect(await fault.touched()).toBe(0);
    }
  });

  test('is lifted by somebody else: the drill hears of it', { concurrent: false }, async () => {
    await using fault = await inject(engine);
    await undo(engine);
    expect(await fault.liftedByOthers).toBe('runbook');
    await write(engine);
  });

  test('has an undo that may be repeated, and is fine where nothing was broken', {
    concurrent: false,
  }, async () => {
    await undo(engine);
    await undo(engine);
    await write(engine);
    expect(byHand(planned(engine).undo, setup.targets)).toMatch(/^On 127\.0\.0\.1:\d+\/.* run: /);
    expect(byHand(planned(engine).undo, {})).toContain(`the database of ${engine}`);
  });

  test('is refused before anything is touched by one that is read-only already, or whose user has no right', {
    concurrent: false,
  }, async () => {
    await demanded(engine);
    await expect(demanded(`${engine}-clerk`)).rejects.toMatchObject({
      code: 'db-read-only.no-right',
      mend: expect.stringMatching(/superuser|GRANT/),
    });
    await expect(inject(`${engine}-clerk`)).rejects.toMatchObject({ code: 'db-read-only.no-right' });
    await using _fault = await inject(engine);
    await expect(demanded(engine)).rejects.toMatchObject({ code: 'db-read-only.already' });
    await expect(inject(engine)).rejects.toMatchObject({ code: 'db-read-only.already' });
  });

  test('whose drill is stopped on the way in is writable again before the error', {
    concurrent: false,
  }, async () => {
    const gone = new AbortController();
    const { leash } = setup.host;
    const host = {
      ...setup.host,
      leash: async (plan: Parameters<typeof leash>[0]) => {
        const held = await leash(plan);
        queueMicrotask(() => queueMicrotask(() => gone.abort(new Error('Ctrl-C'))));
        return held;
      },
    };
    await expect(dbReadOnly.inject(planned(engine), {}, named(engine), host, gone.signal)).rejects.toThrow(
      'Ctrl-C',
    );
    await write(engine);
  });

  test('plans every effect in words and the undo as data, without a secret', { concurrent: false }, () => {
    const plan = planned(engine);
    expect(plan.undo).toEqual({
      kind: engine === 'postgres' ? 'postgres.writable' : 'mysql.writable',
      target: engine,
    });
    expect(plan.effects.join('\n')).toMatch(/read_only = on[\s\S]*3 s after the last sign of life/i);
    expect(JSON.stringify(plan)).not.toContain('test@');
    expect(dbReadOnly.params.safeParse({ hard: true }).success).toBe(false);
  });
});

test('A PostgreSQL whose setting was made by ALTER SYSTEM keeps it: the fault is refused.', async () => {
  await writer.postgres.query('ALTER SYSTEM SET default_transaction_read_only = off');
  await expect(demanded('postgres')).rejects.toMatchObject({ code: 'db-read-only.in-use' });
  await writer.postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
  await demanded('postgres');
});

test('A server that does not answer is not taken for healed: there may be a tunnel before it.', async () => {
  const at = (kind: string) => testHost({ gone: { kind, url: `${kind}://x@127.0.0.1:1/x` } });
  using noPostgres = at('postgres');
  using noMysql = at('mysql');
  const limit = AbortSignal.timeout(10_000);
  await expect(revert({ kind: 'postgres.writable', target: 'gone' }, noPostgres.host, limit)).rejects.toThrow(
    'ECONNREFUSED',
  );
  await expect(revert({ kind: 'mysql.writable', target: 'gone' }, noMysql.host, limit)).rejects.toThrow(
    'ECONNREFUSED',
  );
});
