import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Asks } from '../../exporters/databases/mysql-locks/ask.ts';
import { MysqlSessions } from '../../exporters/testing/mysql-sessions.ts';
import { systemClock } from '../../kit/clock.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { stepWorld } from '../testing/step-world.ts';
import { killIfSame } from './db-release-lock/mysql.ts';
import { openMysqlAdmin } from './db-release-lock/mysql-admin.ts';
import { readLocks } from './db-release-lock/mysql-sessions.ts';
import { dbReleaseLock } from './db-release-lock.ts';

/** One that tells who waits for metadata locks and what programs are called, and one as MariaDB comes. */
let server: TestMariadb;
let plain: TestMariadb;

beforeAll(async () => {
  const settings = {
    'performance-schema': 'ON',
    'performance-schema-instrument': 'wait/lock/metadata/sql/mdl=ON',
  };
  [server, plain] = await Promise.all([startTestMariadb({ settings }), startTestMariadb()]);
  for (const one of [server, plain]) {
    await one.database('mes');
    const session = await one.session('test', 'mes');
    await session.query('CREATE TABLE work_orders (id INT PRIMARY KEY, state VARCHAR(20)) ENGINE = InnoDB');
  }
}, 90_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const one of [server, plain]) {
    const session = await one.session('test', 'mes');
    await session.query("REPLACE INTO work_orders VALUES (1, 'open'), (2, 'open')");
    session.destroy();
  }
});

interface Options {
  protect?: string[];
  older_than?: number;
  on?: TestMariadb;
  url?: string;
}

const run = ({ protect = [], older_than = 0, on = server, url = on.url('mes') }: Options = {}) =>
  dbReleaseLock.run(
    { older_than },
    stepWorld({ 'mes-db': { kind: 'mysql', url, protect } }),
    AbortSignal.timeout(30_000),
  );

const hold = "UPDATE work_orders SET state = 'held' WHERE id = 1";
const want = "UPDATE work_orders SET state = 'done' WHERE id = 1";

/** A forgotten transaction, and those who wait behind it. */
async function forgotten(sessions: MysqlSessions, name = 'forgotten terminal') {
  const root = await sessions.did(name, 'BEGIN', hold);
  await sessions.hang('terminal', want, 2);
  return root;
}

async function isAlive(id: number, on = server): Promise<boolean> {
  const watcher = await on.session('test-watcher');
  const [rows] = await watcher.query('SELECT id FROM information_schema.PROCESSLIST WHERE id = ?', [id]);
  watcher.destroy();
  return (rows as unknown[]).length > 0;
}

/** How many wait for a row now. */
async function waitingNow(on = server): Promise<number> {
  const watcher = await on.session('test-watcher');
  const text = `SELECT trx_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'`;
  const [rows] = await watcher.query(text);
  watcher.destroy();
  return (rows as unknown[]).length;
}

/** What the last look before a KILL needs. */
const now = () => [systemClock, AbortSignal.timeout(30_000)] as const;

/** Asked rarely: InnoDB shows the same list again to whoever asks within 0.1 s. */
const untilWaiting = (count: number) =>
  waitFor(async () => (await waitingNow()) === count, {
    what: `${count} waiters`,
    timeoutMs: 20_000,
    everyMs: 200,
  });

test('The root of a chain of waiters is terminated, the waiters go on, and the result says who it was.', async () => {
  await using sessions = new MysqlSessions(server);
  const root = await sessions.did('forgotten terminal', 'BEGIN', hold);
  const middle = await sessions.did('report', 'BEGIN', "UPDATE work_orders SET state = 'x' WHERE id = 2");
  const middleGoesOn = middle.query(want).then(() => middle.query('COMMIT'));
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'y' WHERE id = 2", 3);
  await untilWaiting(4);
  const result = await run();
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
  expect(await isAlive(root.threadId)).toBe(false);
  await untilWaiting(0);
});

test('A LOCK TABLES and an ALTER behind a reader are found by their metadata locks.', async () => {
  for (const statements of [['LOCK TABLES work_orders WRITE'], ['BEGIN', 'SELECT * FROM work_orders']]) {
    await using sessions = new MysqlSessions(server);
    const root = await sessions.did('forgotten terminal', ...statements);
    await sessions.hang('migration', 'ALTER TABLE work_orders COMMENT = "x"');
    await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 3);
    expect(await run()).toMatchObject({
      outcome: 'succeeded',
      details: { terminated: { pid: root.threadId }, waiting: 4 },
    });
  }
});

test.for(['forgotten terminal', 'forgotten*', 'root', 'root@127.0.0.1', 'root@*'])(
  'A root that is protected by "%s" is left alone, and everybody goes on waiting.',
  async (pattern) => {
    await using sessions = new MysqlSessions(server);
    const root = await forgotten(sessions);
    const result = await run({ protect: ['somebody-else', pattern] });
    expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain(`protected by "${pattern}"`);
    expect(await isAlive(root.threadId)).toBe(true);
    expect(await waitingNow()).toBe(2);
  },
);

test('A protect list that names others protects nobody else.', async () => {
  await using sessions = new MysqlSessions(server);
  const root = await forgotten(sessions);
  const protect = ['terminal', 'forgotten', 'root@10.*', 'forgotten terminal 2'];
  expect(await run({ protect })).toMatchObject({ outcome: 'succeeded' });
  expect(await isAlive(root.threadId)).toBe(false);
});

test('Where nobody waits nothing is touched, however long a transaction is open.', async () => {
  await using sessions = new MysqlSessions(server);
  const idle = await sessions.did('long-report', 'BEGIN', hold);
  expect(await run()).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: 'nobody waits for a lock in mes-db',
  });
  await idle.query('COMMIT');
});

test('Who has held it for less than older_than is at work, and is left alone.', async () => {
  await using sessions = new MysqlSessions(server);
  const root = await forgotten(sessions);
  const result = await run({ older_than: 3_600_000 });
  expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(result.summary).toContain('1h');
  await root.query('COMMIT');
});

test('A session that has gone on to another transaction, or that blocks nobody any more, is not hit.', async () => {
  await using sessions = new MysqlSessions(server);
  await using admin = await openMysqlAdmin(server.url('mes'), AbortSignal.timeout(30_000));
  const root = await forgotten(sessions);
  const read = (await readLocks(admin)).roots.get(root.threadId);
  if (!read) throw new Error('the session was not found');
  await root.query('COMMIT');
  await untilWaiting(0);
  expect(await killIfSame(admin, read, ...now())).toBe(false);
  await root.query('BEGIN');
  await root.query(hold);
  await sessions.hang('terminal', want);
  expect(await killIfSame(admin, read, ...now())).toBe(false);
  expect(await isAlive(root.threadId)).toBe(true);
  const again = (await readLocks(admin)).roots.get(root.threadId);
  expect(again && (await killIfSame(admin, again, ...now()))).toBe(true);
});

test('A transaction that XA has prepared has no session: it is named and left to a person.', async () => {
  await using sessions = new MysqlSessions(server);
  const change = 'UPDATE work_orders SET state = UUID_SHORT() WHERE id = 1';
  const prepare = ["XA START 'o'", change, "XA END 'o'", "XA PREPARE 'o'"];
  await (await sessions.did('coordinator', ...prepare)).end();
  await sessions.hang('terminal', want);
  const result = await run();
  await (await sessions.open('test')).query("XA ROLLBACK 'o'");
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('XA');
});

describe('On a server that does not tell everything', () => {
  test('a row lock is released all the same, and a user on the protect list is spared.', async () => {
    await using sessions = new MysqlSessions(plain);
    const root = await forgotten(sessions);
    const protect = ['root@127.0.0.1'];
    expect(await run({ on: plain, protect })).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(await isAlive(root.threadId, plain)).toBe(true);
    expect(await run({ on: plain, protect: ['backup@*'] })).toMatchObject({
      outcome: 'succeeded',
      touched: 1,
    });
  });

  test('nobody is terminated who might be the protected program.', async () => {
    await using sessions = new MysqlSessions(plain);
    const root = await forgotten(sessions);
    const result = await run({ on: plain, protect: ['mariadb-dump*'] });
    expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain('performance_schema');
    expect(await isAlive(root.threadId, plain)).toBe(true);
  });

  test('who holds a table is not known, and nobody is terminated.', async () => {
    await using sessions = new MysqlSessions(plain);
    await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
    await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 2);
    const result = await run({ on: plain });
    expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(result.summary).toMatch(/2 sessions wait.*performance_schema = ON/);
  });

  test('a root that waits itself for nobody knows whom is left alone.', async () => {
    await using sessions = new MysqlSessions(plain);
    const root = await sessions.did('forgotten terminal', 'BEGIN', hold);
    await sessions.did('somebody', "SELECT GET_LOCK('shift', 1)");
    root.query("SELECT GET_LOCK('shift', 60)").catch(() => {});
    await sessions.hang('terminal', want);
    const result = await run({ on: plain });
    expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain('waits for a lock itself');
    expect(await isAlive(root.threadId, plain)).toBe(true);
  });
});

test('A user without the rights is told which, and touches nothing.', async () => {
  const admin = await server.session('test');
  await admin.query("CREATE USER weak@'127.0.0.1' IDENTIFIED BY 'w'");
  await admin.query("GRANT SELECT ON mes.* TO weak@'127.0.0.1'");
  const url = server.url('mes').replace('root:test', 'weak:w');
  await using sessions = new MysqlSessions(server);
  const root = await forgotten(sessions);
  const blind = await run({ url });
  expect(blind).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(blind.summary).toContain('GRANT PROCESS');
  await admin.query("GRANT PROCESS ON *.* TO weak@'127.0.0.1'");
  const weak = await run({ url });
  expect(weak).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(weak.summary).toContain('CONNECTION ADMIN');
  expect(await isAlive(root.threadId)).toBe(true);
});

test('A server that cannot be reached fails the step with its address, and without its password.', async () => {
  const attempt = run({ url: 'mysql://mes:hidden@127.0.0.1:1/mes' });
  await expect(attempt).rejects.toThrow(/127\.0\.0\.1:1\/mes/);
  await attempt.catch((error: unknown) => expect(String(error)).not.toContain('hidden'));
});

test('What MySQL 8 is asked about its sessions is understood by MariaDB, and answered alike.', async () => {
  await using sessions = new MysqlSessions(server);
  const root = await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 2);
  await using admin = await openMysqlAdmin(server.url('mes'), AbortSignal.timeout(30_000));
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
