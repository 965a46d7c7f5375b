import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock as clock } from '../../kit/clock.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { createSnapshot } from './create.ts';
import { whyTablesDoNotFit } from './migrations.ts';
import { rollbackSnapshot } from './rollback.ts';
import { snapshotSet } from './set.ts';

const opened = new AsyncDisposableStack();
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = opened.use(await startTestPostgres());
}, 60_000);
afterAll(() => opened.disposeAsync());

const applied = 'SELECT id FROM migrations ORDER BY id';

/** A folder of settings that belong to a database: `mes.json` says `old` in the snapshot and `new` now. */
async function settingsOf(url: string, sql = applied) {
  const temp = opened.use(tempFolder());
  const folder = temp.file('config');
  mkdirSync(folder);
  mkdirSync(temp.file('down'));
  const file = path.join(folder, 'mes.json');
  writeFileSync(file, 'old');
  const kind = url.startsWith('postgres') ? 'postgres' : 'mysql';
  const targets = targetsSchema.parse({ 'mes-db': { kind, url } });
  const database = { target: 'mes-db', applied: sql, down: temp.file('down'), timeout: 20_000 };
  const set = snapshotSet({ config: { folder, store: temp.file('store'), database } }, 'config', targets);
  return {
    set,
    file,
    now: () => readFileSync(file, 'utf8'),
    down: (name: string) => writeFileSync(path.join(temp.file('down'), `${name}.sql`), '-- back'),
    rollback: () => rollbackSnapshot(set, 'newest', { clock }),
  };
}

async function mesDatabase(name: string) {
  const url = await postgres.database(name);
  const session = await connectPostgres({
    url,
    applicationName: 'test',
    statementTimeoutMs: 9000,
    lockTimeoutMs: 9000,
  });
  opened.defer(() => session.end());
  await session.query('CREATE TABLE migrations (id text PRIMARY KEY)');
  await session.query(`INSERT INTO migrations VALUES ('001-orders'), ('002-units')`);
  return { url, run: (sql: string) => session.query(sql) };
}

test('A rollback is refused once the database has got migrations, with or without a way back; nothing is touched.', async () => {
  const { url, run } = await mesDatabase('mes');
  const { set, file, now, down, rollback } = await settingsOf(url);
  expect((await createSnapshot(set, { clock })).migrations).toEqual({
    target: 'mes-db',
    applied: ['001-orders', '002-units'],
  });
  writeFileSync(file, 'new');
  await run(`INSERT INTO migrations VALUES ('003-scrap'), ('004-rework')`);
  down('004-rework');
  await expect(rollback()).rejects.toMatchObject({
    code: 'snapshot.migrations',
    message: expect.stringMatching(
      /003-scrap, 004-rework since the snapshot, and there is no way back from 003-scrap$/,
    ),
    mend: expect.stringContaining('003-scrap.sql'),
  });
  down('003-scrap');
  await expect(rollback()).rejects.toMatchObject({
    code: 'snapshot.migrations',
    mend: expect.stringMatching(
      /newest first, each in a transaction: 004-rework.sql, 003-scrap.sql.*rollback config \S+ --with-migrations/,
    ),
  });
  expect(now()).toBe('new');
  await run(`DELETE FROM migrations WHERE id > '003'`);
  expect(await rollback()).toMatchObject({ switched: true });
  expect(now()).toBe('old');
});

test('A rollback to settings that count on migrations which are gone is refused.', async () => {
  const { url, run } = await mesDatabase('gone');
  const { set, file, now, rollback } = await settingsOf(url);
  await createSnapshot(set, { clock });
  writeFileSync(file, 'new');
  await run(`DELETE FROM migrations WHERE id = '002-units'`);
  await expect(rollback()).rejects.toThrow(/no longer has the migrations 002-units/);
  expect(now()).toBe('new');
});

test('A database that cannot be asked makes no snapshot and no rollback, and a query changes nothing.', async () => {
  const { url, run } = await mesDatabase('asked');
  const wrong = await settingsOf(url, 'SELECT id FROM no_such_table');
  await expect(createSnapshot(wrong.set, { clock })).rejects.toMatchObject({ code: 'snapshot.database' });
  for (const sql of ['DELETE FROM migrations RETURNING id', 'SELECT 1; DELETE FROM migrations'])
    await expect(createSnapshot((await settingsOf(url, sql)).set, { clock })).rejects.toMatchObject({
      code: 'snapshot.database',
    });
  expect((await run('SELECT FROM migrations')).rowCount).toBe(2);
  const away = await settingsOf('postgres://127.0.0.1:9/mes');
  await expect(createSnapshot(away.set, { clock })).rejects.toThrow(/cannot be read/);
});

test('MariaDB is asked in the same way.', async () => {
  await using server = await startTestMariadb();
  const url = server.url();
  const session = await connectMysql({ url, applicationName: 'test' });
  await session.query('CREATE DATABASE IF NOT EXISTS mes');
  await session.query('CREATE TABLE mes.migrations (id int PRIMARY KEY)');
  await session.query('INSERT INTO mes.migrations VALUES (1), (2)');
  const good = await settingsOf(url, 'SELECT id FROM mes.migrations ORDER BY id');
  expect((await createSnapshot(good.set, { clock })).migrations?.applied).toEqual(['1', '2']);
  for (const sql of ['DELETE FROM mes.migrations', 'SELECT 1; DELETE FROM mes.migrations'])
    await expect(createSnapshot((await settingsOf(url, sql)).set, { clock })).rejects.toMatchObject({
      code: 'snapshot.database',
    });
  await session.end();
}, 60_000);

describe('Tables and settings', () => {
  const of = (...ids: string[]) => ({ target: 'mes-db', applied: ids });
  const none = () => false;

  test('fit when nothing was applied or taken back since, in whatever order it is told.', () => {
    expect(whyTablesDoNotFit(of('1', '2'), of('2', '1'), none)).toBeUndefined();
    expect(whyTablesDoNotFit(undefined, undefined, none)).toBeUndefined();
    expect(whyTablesDoNotFit(of('1'), undefined, none)).toBeUndefined();
  });

  test('are not known to fit where the snapshot does not say.', () => {
    expect(whyTablesDoNotFit(undefined, of('1'), none)?.problem).toContain('does not say');
  });

  test('A set whose database is no database is told where.', () => {
    const database = { target: 'mes', applied, down: '/d', timeout: 1000 };
    expect(() => snapshotSet({ config: { folder: '/f', database } }, 'config')).toThrow(
      /no postgres or mysql target/,
    );
  });
});
