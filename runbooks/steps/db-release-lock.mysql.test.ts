import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Asks } from '../../exporters/databases/mysql-locks/ask.ts';
import { systemClock } from '../../kit/clock.ts';
import { hold, LockedMariadb, want } from '../testing/locked-mariadb.ts';
import { killIfSame } from './db-release-lock/mysql.ts';
import { openMysqlAdmin } from './db-release-lock/mysql-admin.ts';
import { readLocks } from './db-release-lock/mysql-sessions.ts';

/** It tells who waits for metadata locks, and what programs are called. */
let db: LockedMariadb;

beforeAll(async () => {
  db = await LockedMariadb.start({
    'performance-schema': 'ON',
    'performance-schema-instrument': 'wait/lock/metadata/sql/mdl=ON',
  });
}, 90_000);
afterAll(() => db?.[Symbol.asyncDispose]());

/** What the last look before a KILL needs. */
const now = () => [systemClock, AbortSignal.timeout(30_000)] as const;

test('The root of a chain of waiters is terminated, the waiters go on, and the result says who it was.', async () => {
  await using sessions = db.sessions();
  const root = await sessions.did('forgotten terminal', 'BEGIN', hold);
  const middle = await sessions.did('report', 'BEGIN', "UPDATE work_orders SET state = 'x' WHERE id = 2");
  const middleGoesOn = middle.query(want).then(() => middle.query('COMMIT'));
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'y' WHERE id = 2", 3);
  await db.untilWaiting(4);
  const result = await db.run();
  expect(result).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: {
      waiting: 4,
      terminated: {
        pid: root.threadId,
        applicationName: 'forgotten terminal',
        user: 'root',
        database: 'mes',
        state: 'Sleep',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    },
  });
  expect(result.summary).toContain('4 waited for it');
  await middleGoesOn;
  expect(await db.isAlive(root)).toBe(false);
  await db.untilWaiting(0);
});

test('A LOCK TABLES and an ALTER behind a reader are found by their metadata locks.', async () => {
  for (const statements of [['LOCK TABLES work_orders WRITE'], ['BEGIN', 'SELECT * FROM work_orders']]) {
    await using sessions = db.sessions();
    const root = await sessions.did('forgotten terminal', ...statements);
    await sessions.hang('migration', 'ALTER TABLE work_orders COMMENT = "x"');
    await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 3);
    expect(await db.run()).toMatchObject({
      outcome: 'succeeded',
      details: { terminated: { pid: root.threadId }, waiting: 4 },
    });
  }
});

test.for(['forgotten terminal', 'forgotten*', 'root', 'root@127.0.0.1', 'root@*'])(
  'A root that is protected by "%s" is left alone, and everybody goes on waiting.',
  async (pattern) => {
    await using sessions = db.sessions();
    const root = await db.forgotten(sessions);
    const result = await db.run({ protect: ['somebody-else', pattern] });
    expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain(`protected by "${pattern}"`);
    expect(await db.isAlive(root)).toBe(true);
    await db.untilWaiting(2);
  },
);

test('A protect list that names others protects nobody else.', async () => {
  await using sessions = db.sessions();
  const root = await db.forgotten(sessions);
  const protect = ['terminal', 'forgotten', 'root@10.*', 'forgotten terminal 2'];
  expect(await db.run({ protect })).toMatchObject({ outcome: 'succeeded' });
  expect(await db.isAlive(root)).toBe(false);
});

test('Where nobody waits nothing is touched, however long a transaction is open.', async () => {
  await using sessions = db.sessions();
  const idle = await sessions.did('long-report', 'BEGIN', hold);
  expect(await db.run()).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: 'nobody waits for a lock in mes-db',
  });
  await idle.query('COMMIT');
});

test('Who has held it for less than older_than is at work, and is left alone.', async () => {
  await using sessions = db.sessions();
  const root = await db.forgotten(sessions);
  const result = await db.run({ older_than: 3_600_000 });
  expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(result.summary).toContain('1h');
  await root.query('COMMIT');
});

test('A session that has gone on to another transaction, or that blocks nobody any more, is not hit.', async () => {
  await using sessions = db.sessions();
  await using admin = await openMysqlAdmin(db.server.url('mes'), AbortSignal.timeout(30_000));
  const root = await db.forgotten(sessions);
  const read = (await readLocks(admin)).roots.get(root.threadId);
  if (!read) throw new Error('the session was not found');
  await root.query('COMMIT');
  await db.untilWaiting(0);
  expect(await killIfSame(admin, read, ...now())).toBe(false);
  await root.query('BEGIN');
  await root.query(hold);
  await sessions.hang('terminal', want);
  expect(await killIfSame(admin, read, ...now())).toBe(false);
  expect(await db.isAlive(root)).toBe(true);
  const again = (await readLocks(admin)).roots.get(root.threadId);
  expect(again && (await killIfSame(admin, again, ...now()))).toBe(true);
});

test('A transaction that XA has prepared has no session: it is named and left to a person.', async () => {
  await using sessions = db.sessions();
  const change = 'UPDATE work_orders SET state = UUID_SHORT() WHERE id = 1';
  const prepare = ["XA START 'o'", change, "XA END 'o'", "XA PREPARE 'o'"];
  await (await sessions.did('coordinator', ...prepare)).end();
  await sessions.hang('terminal', want);
  const result = await db.run();
  await (await sessions.open('test')).query("XA ROLLBACK 'o'");
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('XA');
});

test('A server that cannot be reached fails the step with its address, and without its password.', async () => {
  const attempt = db.run({ url: 'mysql://mes:hidden@127.0.0.1:1/mes' });
  await expect(attempt).rejects.toThrow(/127\.0\.0\.1:1\/mes/);
  await attempt.catch((error: unknown) => expect(String(error)).not.toContain('hidden'));
});

test('What MySQL 8 is asked about its sessions is understood by MariaDB, and answered alike.', async () => {
  await using sessions = db.sessions();
  // A list of InnoDB's that still has somebody in it would be asked about in a table that only MySQL has.
  await db.untilWaiting(0);
  const root = await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 2);
  await using admin = await openMysqlAdmin(db.server.url('mes'), AbortSignal.timeout(30_000));
  const asMysql: Asks = {
    query: async (text, run) => {
      const rows = await admin.query(text, run);
      return (text.includes('VERSION()') ? [{ ...rows[0], version: '8.4.6' }] : rows) as never;
    },
  };
  const {
    seconds: _seconds,
    since: _since,
    host: _host,
    ...seen
  } = (await readLocks(asMysql)).roots.get(root.threadId) ?? {};
  expect(seen).toEqual({
    session: root.threadId,
    user: 'root',
    db: 'mes',
    command: 'Sleep',
    state: null,
    trx: null,
    started: null,
  });
});
