import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { MysqlSessions } from '../testing/mysql-sessions.ts';
import { asMysql, withSessions } from '../testing/other-session.ts';
import { mysqlLocks } from './mysql-locks.ts';

let server: TestMariadb;

beforeAll(async () => {
  const settings = {
    'performance-schema': 'ON',
    'performance-schema-instrument': 'wait/lock/metadata/sql/mdl=ON',
  };
  server = await startTestMariadb({ settings });
  await server.database('mes');
  await server.database('erp');
  const session = await server.session('test', 'mes');
  await session.query('CREATE TABLE work_orders (id INT PRIMARY KEY, state VARCHAR(20)) ENGINE = InnoDB');
  await session.query("INSERT INTO work_orders VALUES (1, 'RELEASED'), (2, 'RELEASED')");
  await session.query('CREATE TABLE parts (id INT PRIMARY KEY) ENGINE = MyISAM');
});
afterAll(async () => server?.[Symbol.asyncDispose]());

const targets = (url = server.url('mes')) => ({ 'mes-db': { kind: 'mysql', url } });

/** What the collector says now; ages only as whether they are old. */
async function locksNow(url?: string, kind = mysqlLocks): Promise<Record<string, number>> {
  using collectors = new TestCollectors(kind, { targets: targets(url) });
  const { found, failure } = await collectOnce(collectors.get());
  expect(failure).toBeUndefined();
  return Object.fromEntries(
    [...found].map(([series, value]) => [
      series.replace('target="mes-db"', '').replace('{}', '').replace('{,', '{'),
      /_seconds/.test(series) ? Math.sign(value) : value,
    ]),
  );
}

const nobodyWaits = { mes_db_up: 1, mes_db_blocked_sessions: 0, mes_db_oldest_lock_wait_seconds: 0 };

it('A LOCK TABLES hides nothing: the server is up, 20 sessions are blocked, and by whom is said.', async () => {
  {
    await using sessions = new MysqlSessions(server);
    await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
    await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 20);
    expect(await locksNow()).toEqual({
      mes_db_up: 1,
      mes_db_blocked_sessions: 20,
      mes_db_oldest_lock_wait_seconds: 1,
      'mes_db_root_blocker_transaction_seconds{application="forgotten terminal"}': 1,
      'mes_db_blocking_sessions{blocker="forgotten terminal",blocked="terminal"}': 20,
    });
  }
  expect(await locksNow()).toEqual(nobodyWaits);
});

it('An ALTER that waits for an open transaction, and all who wait behind it, lead to that transaction.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten terminal', 'BEGIN', 'SELECT * FROM work_orders');
  await sessions.hang('migration', 'ALTER TABLE work_orders ADD COLUMN due DATE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 19);
  expect(await locksNow()).toMatchObject({
    mes_db_up: 1,
    mes_db_blocked_sessions: 20,
    'mes_db_root_blocker_transaction_seconds{application="forgotten terminal"}': 1,
    'mes_db_blocking_sessions{blocker="forgotten terminal",blocked="migration"}': 1,
  });
});

it('Row locks: a queue waits for its holder, and a chain leads to its end.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('planner', 'BEGIN', "UPDATE work_orders SET state = 'RUNNING' WHERE id = 1");
  const middle = await sessions.did('report', 'BEGIN', "UPDATE work_orders SET state = 'DONE' WHERE id = 2");
  await sessions.hangIn([middle], "UPDATE work_orders SET state = 'DONE' WHERE id = 1");
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'DONE' WHERE id = 2", 12);
  const found = await locksNow();
  expect(found).toMatchObject({
    mes_db_blocked_sessions: 13,
    'mes_db_blocking_sessions{blocker="planner",blocked="report"}': 1,
  });
  const roots = Object.keys(found).filter((series) => series.includes('root_blocker'));
  expect(roots).toEqual(['mes_db_root_blocker_transaction_seconds{application="planner"}']);
});

it.each([
  [
    'the global read lock',
    'FLUSH TABLES WITH READ LOCK',
    "INSERT INTO work_orders VALUES (7, 'NEW')",
    'terminal',
  ],
  ['a lock on a table of MyISAM', 'LOCK TABLES parts READ', 'INSERT INTO parts VALUES (7)', undefined],
  ['a lock by name', "SELECT GET_LOCK('shift', 1)", "SELECT GET_LOCK('shift', 60)", 'terminal'],
])('%s blocks whoever needs it.', async (_what, hold, wait, namedFor) => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('backup', hold);
  await sessions.hang('terminal', wait, 2);
  const found = await locksNow();
  expect(found).toMatchObject({ mes_db_up: 1, mes_db_blocked_sessions: 2 });
  const pair = `mes_db_blocking_sessions{blocker="backup",blocked="${namedFor}"}`;
  // Who holds a lock of the old table-lock manager is told by nobody.
  expect(found[pair]).toBe(namedFor === undefined ? undefined : 2);
});

it('Sessions that sleep in an open transaction, or work, are not blocked; nor are those of another database.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('idle', 'BEGIN', "UPDATE work_orders SET state = 'RUNNING' WHERE id = 1");
  await sessions.hang('busy', 'SELECT SLEEP(60)');
  await sessions.hang('elsewhere', "UPDATE mes.work_orders SET state = 'DONE' WHERE id = 1", 2, 'erp');
  expect(await locksNow()).toEqual(nobodyWaits);
  expect(await locksNow(server.url())).toMatchObject({ mes_db_blocked_sessions: 2 });
});

it('A transaction that XA has prepared holds its locks without any session, and is named as that.', async () => {
  await using sessions = new MysqlSessions(server);
  const coordinator = await sessions.did(
    'coordinator',
    "XA START 'order-1'",
    // A transaction that has changed nothing would be forgotten with its session.
    'UPDATE work_orders SET state = UUID_SHORT() WHERE id = 1',
    "XA END 'order-1'",
    "XA PREPARE 'order-1'",
  );
  await coordinator.end();
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'DONE' WHERE id = 1");
  const found = await locksNow();
  const resolver = await sessions.open('test');
  await resolver.query("XA ROLLBACK 'order-1'");
  expect(found).toMatchObject({
    mes_db_blocked_sessions: 1,
    'mes_db_blocking_sessions{blocker="prepared transaction",blocked="terminal"}': 1,
  });
  expect(Object.keys(found).some((series) => series.includes('application="prepared transaction"'))).toBe(
    true,
  );
});

it('No more than five root blockers and ten pairs are named, and numbers in names make no series each.', async () => {
  await using sessions = new MysqlSessions(server);
  for (let n = 0; n < 12; n++) {
    await sessions.did(`line ${n}`, `SELECT GET_LOCK('lock ${n}', 1)`);
    await sessions.hang('terminal 12345', `SELECT GET_LOCK('lock ${n}', 60)`);
  }
  const found = Object.keys(await locksNow());
  expect(found.filter((series) => series.includes('root_blocker'))).toHaveLength(5);
  const pairs = found.filter((series) => series.includes('mes_db_blocking_sessions'));
  expect(pairs).toHaveLength(10);
  expect(pairs.every((series) => series.includes('blocked="terminal #"'))).toBe(true);
});

it('Without the right to see programs, sessions are called by user and host.', async () => {
  const admin = await server.session('test');
  await admin.query("CREATE USER watcher@'127.0.0.1' IDENTIFIED BY 'w'");
  await admin.query("GRANT PROCESS ON *.* TO watcher@'127.0.0.1'");
  const url = server.url('').replace('root:test', 'watcher:w');
  await using sessions = new MysqlSessions(server);
  await sessions.did('planner', 'BEGIN', "UPDATE work_orders SET state = 'RUNNING' WHERE id = 1");
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'DONE' WHERE id = 1", 3);
  expect(await locksNow(url)).toMatchObject({
    mes_db_blocked_sessions: 3,
    'mes_db_blocking_sessions{blocker="root@127.0.0.1",blocked="root@127.0.0.1"}': 3,
  });
  await admin.query("REVOKE PROCESS ON *.* FROM watcher@'127.0.0.1'");
  using collectors = new TestCollectors(mysqlLocks, { targets: targets(url) });
  const { found, failure } = await collectOnce(collectors.get());
  expect(Object.fromEntries(found)).toEqual({ 'mes_db_up{target="mes-db"}': 1 });
  expect(failure).toMatch(/PROCESS/);
});

it('What MySQL is asked about its sessions and metadata locks is understood by MariaDB, and answered alike.', async () => {
  const kind = withSessions(mysqlLocks, asMysql);
  expect(await locksNow(undefined, kind)).toEqual(nobodyWaits);
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 3);
  const age = 'mes_db_root_blocker_transaction_seconds{application="forgotten terminal"}';
  // Both count whole seconds, each from a moment of its own, and are asked one after the other: a second may begin in between.
  const agree = async () => {
    const asked = await locksNow(undefined, kind);
    return Number(asked[age]) >= 1 && isDeepStrictEqual(asked, await locksNow());
  };
  // Asked more often than every 0.1 s, InnoDB would say for ever what it has said once.
  await waitFor(agree, { what: 'the same answer', timeoutMs: 30_000, everyMs: 250 });
});

it('A session that has gone waits for nobody, though InnoDB still names it.', async () => {
  const asked: string[] = [];
  const withGhost = withSessions(mysqlLocks, (session) => ({
    query: async (text, run) => {
      asked.push(text);
      const rows = await session.query(text, run);
      const ghost = { transaction: 1, session: 4_000_000_000, seconds: 9 };
      return (text.includes("'LOCK WAIT'") ? [...rows, ghost] : rows) as never;
    },
    batches: (text, run) => session.batches(text, run),
    [Symbol.dispose]: () => {},
  }));
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 2);
  expect(await locksNow(undefined, withGhost)).toMatchObject({
    mes_db_blocked_sessions: 2,
    'mes_db_blocking_sessions{blocker="forgotten terminal",blocked="terminal"}': 2,
  });
  expect(asked.filter((text) => text.includes('INNODB_LOCK_WAITS'))).toEqual([]);
});

it('Where the server takes too long to say who blocks, how many are blocked is still said.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('planner', 'BEGIN', 'SELECT * FROM work_orders FOR UPDATE');
  await sessions.hang('terminal', "UPDATE work_orders SET state = 'DONE' WHERE id = 1", 2);
  const slow = withSessions(mysqlLocks, (session) => ({
    query: (text, run) => session.query(text.includes('LOCK_WAITS') ? 'SELECT SLEEP(60)' : text, run),
    batches: (text, run) => session.batches(text, run),
    [Symbol.dispose]: () => {},
  }));
  using collectors = new TestCollectors(slow, { targets: targets() });
  const { found, failure } = await collectOnce(collectors.get());
  expect([...found.keys()]).toEqual(
    Object.keys(nobodyWaits)
      .toSorted()
      .map((name) => `${name}{target="mes-db"}`),
  );
  expect(found.get('mes_db_up{target="mes-db"}')).toBe(1);
  expect(found.get('mes_db_blocked_sessions{target="mes-db"}')).toBe(2);
  expect(failure).toMatch(/max_statement_time exceeded/);
});

it('A MySQL without its performance schema is up, but says that it does not know who waits.', async () => {
  const off = async () => [{ version: '8.4.6', performance_schema: 0 }] as never;
  const kind = withSessions(mysqlLocks, (session) => ({ ...asMysql(session), query: off }));
  using collectors = new TestCollectors(kind, { targets: targets() });
  const { found, failure } = await collectOnce(collectors.get());
  expect(Object.fromEntries(found)).toEqual({ 'mes_db_up{target="mes-db"}': 1 });
  expect(failure).toMatch(/performance_schema is OFF/);
});

it('promtool finds nothing to complain about.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten "terminal"', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders');
  using collectors = new TestCollectors(mysqlLocks, { targets: targets() });
  const { text } = await collectOnce(collectors.get());
  expect(text).toContain('mes_db_blocking_sessions');
  expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
});
