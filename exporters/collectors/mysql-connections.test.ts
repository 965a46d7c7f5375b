import { afterAll, beforeAll, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { MysqlSessions } from '../testing/mysql-sessions.ts';
import { asMysql, withSessions } from '../testing/other-session.ts';
import { mysqlConnections } from './mysql-connections.ts';
import { mysqlReplication } from './mysql-replication.ts';
import { mysqlSize } from './mysql-size.ts';

let server: TestMariadb;

beforeAll(async () => {
  server = await startTestMariadb({
    settings: { 'log-bin': 'binlog', 'server-id': '1', 'max-connections': '77', 'performance-schema': 'ON' },
  });
  await server.database('mes');
  await server.database('mes-größe');
  const session = await server.session('test', 'mes');
  await session.query('CREATE TABLE work_orders (id INT PRIMARY KEY, state VARCHAR(20)) ENGINE = InnoDB');
  await session.query("INSERT INTO work_orders VALUES (1, 'RELEASED'), (2, 'RELEASED')");
  await session.query('CREATE TABLE `mes-größe`.t (id INT PRIMARY KEY) ENGINE = InnoDB');
});
afterAll(async () => server?.[Symbol.asyncDispose]());

const configOf = (url: string) => ({ targets: { db: { kind: 'mysql', url } } });

async function foundBy(kind: CollectorKind, url = server.url('mes')): Promise<Record<string, number>> {
  using collectors = new TestCollectors(kind, configOf(url));
  const { found, failure, text } = await collectOnce(collectors.get());
  expect(failure).toBeUndefined();
  expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
  return Object.fromEntries(found);
}

it('Says how full the server is, and that no transaction is open when none is.', async () => {
  await using sessions = new MysqlSessions(server);
  const connections = 'mes_db_connections{target="db"}';
  // That of this file and that of the exporter: a server counts others that have gone until it has seen to it.
  const isCalm = async () => (await foundBy(mysqlConnections))[connections] === 2;
  await waitFor(isCalm, { what: 'two connections', timeoutMs: 30_000 });
  expect(await foundBy(mysqlConnections)).toMatchObject({
    'mes_db_connections_max{target="db"}': 77,
    'mes_db_deadlocks_total{target="db"}': 0,
    'mes_db_oldest_transaction_seconds{target="db",state="active"}': 0,
    'mes_db_oldest_transaction_seconds{target="db",state="idle_in_transaction"}': 0,
  });
  for (let n = 0; n < 5; n++) await sessions.open('terminal');
  await expect
    .poll(async () => (await foundBy(mysqlConnections))[connections], { timeout: 30_000 })
    .toBe(2 + 5);
});

it('A transaction in which nothing happens is told apart from one that works.', async () => {
  await using sessions = new MysqlSessions(server);
  const age = (state: string) => `mes_db_oldest_transaction_seconds{target="db",state="${state}"}`;
  const read = 'SELECT COUNT(*) FROM work_orders';
  await sessions.did('forgotten', 'BEGIN', read);
  const [idle, active] = [age('idle_in_transaction'), age('active')];
  const ages = await waitFor(
    async () => {
      const found = await foundBy(mysqlConnections);
      return (found[idle] ?? 0) > 0 && found;
    },
    { what: 'a second', timeoutMs: 30_000 },
  );
  expect(ages[active]).toBe(0);
  expect((await foundBy(mysqlConnections, server.url('mes-größe')))[idle]).toBe(0);
  await sessions.hang('report', 'SELECT COUNT(*), SLEEP(60) FROM work_orders');
  await expect
    // Asked more often than every 0.1 s, InnoDB would say for ever what it has said once.
    .poll(async () => (await foundBy(mysqlConnections))[active], { timeout: 30_000, interval: 250 })
    .toBeGreaterThan(0);
});

it('A deadlock is counted.', async () => {
  const deadlocks = async () => (await foundBy(mysqlConnections))['mes_db_deadlocks_total{target="db"}'] ?? 0;
  const before = await deadlocks();
  await using sessions = new MysqlSessions(server);
  const update = (id: number) => `UPDATE work_orders SET state = UUID_SHORT() WHERE id = ${id}`;
  const one = await sessions.did('one', 'BEGIN', update(1));
  const two = await sessions.did('two', 'BEGIN', update(2));
  const ends = await Promise.allSettled([one.query(update(2)), two.query(update(1))]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await deadlocks()).toBe(before + 1);
});

it('The size of a database is that of its files, and no lock on a table hides it.', async () => {
  const size = 'mes_db_size_bytes{target="db"}';
  const before = await foundBy(mysqlSize);
  expect(before[size]).toBeGreaterThan(0);
  expect(before['mes_db_log_size_bytes{target="db"}']).toBeGreaterThan(0);
  await using sessions = new MysqlSessions(server);
  await sessions.did(
    'import',
    'CREATE TABLE history (id INT PRIMARY KEY, note TEXT) ENGINE = InnoDB',
    "INSERT INTO history SELECT seq, REPEAT('x', 1000) FROM seq_1_to_2000",
    'LOCK TABLES history WRITE, work_orders WRITE',
  );
  expect((await foundBy(mysqlSize))[size]).toBeGreaterThan((before[size] ?? 0) + 2_000_000);
  const others = (await foundBy(mysqlSize, server.url('mes-größe')))[size] ?? 0;
  expect(others).toBeGreaterThan(0);
  expect(others).toBeLessThan(1_000_000);
  expect((await foundBy(mysqlSize, server.url()))[size]).toBeGreaterThan(others + 2_000_000);
});

it('What MySQL is asked about its connections is understood by MariaDB, and answered alike.', async () => {
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten', 'BEGIN', 'SELECT COUNT(*) FROM work_orders');
  const names = async (kind: CollectorKind) => Object.keys(await foundBy(kind));
  const mysql = withSessions(mysqlConnections, asMysql);
  expect(await names(mysql)).toEqual(await names(mysqlConnections));
  expect((await foundBy(mysql))['mes_db_connections_max{target="db"}']).toBe(77);
});

it('Sizes are measured once a minute, not with each scrape.', async () => {
  using collectors = new TestCollectors(mysqlSize, configOf(server.url('mes')));
  const first = await collectOnce(collectors.get());
  const second = await collectOnce(collectors.get());
  expect(first.steps).not.toEqual([]);
  expect(second.steps).toEqual([]);
  expect(second.found).toEqual(first.found);
});

it('A replica says how far it is behind, and one that stands still that it is behind without end.', async () => {
  await using replica = await startTestMariadb({ settings: { 'server-id': '2' } });
  const lag = async () => {
    using collectors = new TestCollectors(mysqlReplication, configOf(replica.url()));
    return (await collectOnce(collectors.get())).text.match(
      /^mes_db_replication_lag_seconds\{target="db"\} (.*)$/m,
    )?.[1];
  };
  // As long as it is no replica and writes no binary log, it says nothing about either.
  expect(await lag()).toBeUndefined();
  expect(Object.keys(await foundBy(mysqlSize, replica.url()))).toEqual(['mes_db_size_bytes{target="db"}']);
  const session = await replica.session('test');
  const source = `MASTER_HOST = '127.0.0.1', MASTER_PORT = ${server.port}, MASTER_USER = 'root', MASTER_PASSWORD = 'test'`;
  await session.query(`CHANGE MASTER TO ${source}, MASTER_USE_GTID = slave_pos`);
  await session.query('START REPLICA');
  await expect.poll(lag, { timeout: 30_000 }).toBe('0');
  await session.query('STOP REPLICA SQL_THREAD');
  expect(await lag()).toBe('+Inf');
});
