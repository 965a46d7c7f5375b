import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../../kit/clock.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { targetsSchema } from '../../kit/targets.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { createSnapshot } from './create.ts';
import { rollbackSnapshot } from './rollback.ts';
import { type SnapshotSet, snapshotSet } from './set.ts';

const opened = new AsyncDisposableStack();
let postgres: TestPostgres;
let session: pg.Client;
let set: SnapshotSet;
let file: string;
let routes: string;
let down: (migration: string, sql: string) => void;
let id: string;
let databases = 0;

beforeAll(async () => {
  postgres = opened.use(await startTestPostgres());
}, 60_000);
afterAll(() => opened.disposeAsync());

/** A snapshot of settings at two migrations; since then two more, other settings, and other routes. */
beforeEach(async () => {
  const url = await postgres.database(`mes${databases++}`);
  session = await connectPostgres({
    url,
    applicationName: 'test',
    statementTimeoutMs: 9000,
    lockTimeoutMs: 9000,
  });
  const temp = opened.use(tempFolder());
  opened.use({ [Symbol.asyncDispose]: () => session.end() });
  const folder = temp.file('config');
  mkdirSync(folder);
  mkdirSync(temp.file('down'));
  file = path.join(folder, 'mes.json');
  routes = temp.file('routes');
  down = (migration, sql) => writeFileSync(path.join(temp.file('down'), `${migration}.sql`), sql);
  const targets = targetsSchema.parse({ 'mes-db': { kind: 'postgres', url } });
  const database = {
    target: 'mes-db',
    applied: 'SELECT id FROM migrations ORDER BY id',
    down: temp.file('down'),
    timeout: 5000,
  };
  const commands = { routes: { capture: ['cat', routes], restore: ['tee', routes], timeout: 10_000 } };
  set = snapshotSet({ config: { folder, store: temp.file('store'), database, commands } }, 'config', targets);
  await session.query('CREATE TABLE migrations (id text PRIMARY KEY); CREATE TABLE orders (id int)');
  await session.query(`INSERT INTO migrations VALUES ('001-orders'), ('002-units')`);
  writeFileSync(file, 'old');
  writeFileSync(routes, 'old');
  id = (await createSnapshot(set, { clock })).id;
  await session.query(`ALTER TABLE orders ADD scrap int; ALTER TABLE orders ADD rework int`);
  await session.query(`INSERT INTO migrations VALUES ('003-scrap'), ('004-rework')`);
  writeFileSync(file, 'new');
  writeFileSync(routes, 'new');
  down('003-scrap', `ALTER TABLE orders DROP scrap; DELETE FROM migrations WHERE id = '003-scrap'`);
  down(
    '004-rework',
    `-- it's the newest\nALTER TABLE orders DROP rework;\nDELETE FROM migrations WHERE id = '004-rework';`,
  );
});

const rollback = () => rollbackSnapshot(set, id, { clock, withMigrations: true });
const found = async () => {
  const columns = `SELECT column_name AS name FROM information_schema.columns
    WHERE table_name = 'orders' ORDER BY ordinal_position`;
  const [tables, applied] = [await session.query(columns), await session.query('SELECT id FROM migrations')];
  return {
    file: readFileSync(file, 'utf8'),
    routes: readFileSync(routes, 'utf8'),
    columns: tables.rows.map(({ name }) => name).join(),
    migrations: applied.rowCount,
  };
};
const before = { file: 'new', routes: 'new', columns: 'id,scrap,rework', migrations: 4 };
const after = { file: 'old', routes: 'old', columns: 'id', migrations: 2 };

test('Where a person says so, the tables go back with the settings, the newest migration first.', async () => {
  down(
    '003-scrap',
    `DO $$ BEGIN
      IF EXISTS (SELECT FROM migrations WHERE id = '004-rework') THEN RAISE 'in the wrong order'; END IF;
    END $$;
    ALTER TABLE orders DROP scrap; DELETE FROM migrations WHERE id = '003-scrap'`,
  );
  expect(await rollback()).toMatchObject({
    switched: true,
    changed: ['mes.json', 'setting routes', 'migration 004-rework', 'migration 003-scrap'],
  });
  expect(await found()).toEqual(after);
  expect(await rollback()).toMatchObject({ switched: false });
});

test('The state before is kept, and refuses to come back while its migrations are gone.', async () => {
  const done = await rollback();
  await expect(rollbackSnapshot(set, done.before ?? '', { clock, withMigrations: true })).rejects.toThrow(
    /no longer has the migrations 003-scrap, 004-rework/,
  );
  expect(await found()).toEqual(after);
});

test.for([
  ['an error in the middle', 'ALTER TABLE orders DROP scrap; ALTER TABLE orders DROP nothing', /"nothing"/],
  [
    'a migration that stays on the list',
    'ALTER TABLE orders DROP scrap',
    /still lists 003-scrap as applied: the step must take it off/,
  ],
  ['a COMMIT of its own', `ALTER TABLE orders DROP scrap; COMMIT; SELECT 1/0`, /transaction/],
  ['nothing in it', '', /still lists 003-scrap/],
] as const)(
  'A step back with %s takes everything back, settings included, and names the file.',
  async ([, sql, why]) => {
    down('003-scrap', sql);
    const failed = rollback();
    await expect(failed).rejects.toMatchObject({
      code: 'snapshot.down-step',
      message: expect.stringMatching(why),
    });
    await expect(failed).rejects.toThrow('003-scrap.sql');
    expect(await found()).toEqual(before);
    expect(existsSync(path.join(set.store, 'rolling-back'))).toBe(false);
  },
);

test('A table that somebody holds is not waited for without end; when he is gone, it works.', async () => {
  const database = set.database ?? expect.fail();
  await session.query('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE');
  const hasty = { ...set, database: { ...database, timeout: 500 } };
  await expect(rollbackSnapshot(hasty, id, { clock, withMigrations: true })).rejects.toMatchObject({
    code: 'snapshot.down-step',
    mend: expect.stringContaining('stop what holds its tables'),
  });
  await session.query('ROLLBACK');
  expect(await found()).toEqual(before);
  await rollback();
  expect(await found()).toEqual(after);
});

test('Whoever says stop before the end has everything as it was.', async () => {
  const stop = new AbortController();
  await session.query('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE');
  const running = rollbackSnapshot(set, id, { clock, withMigrations: true, signal: stop.signal });
  const settled = expect(running).rejects.toThrow('stop');
  for (let waits = false; !waits; await clock.sleep(5)) {
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`;
    waits = (await session.query(waiting)).rowCount === 1;
  }
  stop.abort(new Error('stop'));
  await settled;
  await session.query('ROLLBACK');
  expect(await found()).toEqual(before);
});

test('A session that the database ends in the middle is told as what it is: nothing has happened.', async () => {
  down('003-scrap', 'SELECT pg_terminate_backend(pg_backend_pid())');
  await expect(rollback()).rejects.toMatchObject({ code: 'snapshot.down-step' });
  expect(await found()).toEqual(before);
});

test('Without one of the steps back nothing is begun.', async () => {
  writeFileSync(path.join(set.database?.down ?? '', 'x.sql'), '');
  await session.query(`INSERT INTO migrations VALUES ('005-more')`);
  await expect(rollback()).rejects.toMatchObject({
    code: 'snapshot.migrations',
    message: expect.stringContaining('there is no way back from 005-more'),
  });
  expect(await found()).toEqual({ ...before, migrations: 5 });
});
