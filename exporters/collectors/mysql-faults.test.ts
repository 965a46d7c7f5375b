import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import type { DatabaseSession } from '../databases/session.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { startHalfOpenLink } from '../testing/half-open-link.ts';
import { MysqlSessions } from '../testing/mysql-sessions.ts';
import { withSessions } from '../testing/other-session.ts';
import { mysqlConnections } from './mysql-connections.ts';
import { mysqlLocks } from './mysql-locks.ts';
import { mysqlReplication } from './mysql-replication.ts';
import { mysqlSize } from './mysql-size.ts';

let server: TestMariadb;
let extraPort = 0;

beforeAll(async () => {
  [extraPort = 0] = await freePorts(1);
  const settings = {
    'extra-port': String(extraPort),
    'extra-max-connections': '5',
    'performance-schema': 'ON',
  };
  server = await startTestMariadb({ settings });
  await server.database('mes');
  const session = await server.session('test', 'mes');
  await session.query('CREATE TABLE work_orders (id INT PRIMARY KEY) ENGINE = InnoDB');
});
afterAll(async () => server?.[Symbol.asyncDispose]());

const every: CollectorKind = (setup) =>
  [mysqlLocks, mysqlConnections, mysqlReplication, mysqlSize].flatMap((kind) => kind(setup));

const collectorsOf = (url: string, kind: CollectorKind = mysqlLocks) =>
  new TestCollectors(kind, { targets: { db: { kind: 'mysql', url } } });

const up = (value: number) => ({ 'mes_db_up{target="db"}': value });
const calm = {
  ...up(1),
  'mes_db_blocked_sessions{target="db"}': 0,
  'mes_db_oldest_lock_wait_seconds{target="db"}': 0,
};

async function locksOf(collectors: TestCollectors, limitMs = 10_000) {
  const { found, failure } = await collectOnce(collectors.get('locks'), limitMs);
  return { found: Object.fromEntries(found), failure };
}

/** A URL of the server with other parts. */
function changed(parts: { [K in 'username' | 'password' | 'port' | 'pathname']?: string }): string {
  return Object.assign(new URL(server.url('mes')), parts).href;
}

it('The user of the documentation has the rights for everything, and changes nothing.', async () => {
  const document = readFileSync(new URL('../../docs/exporters/mysql.md', import.meta.url), 'utf8');
  const statements = document.match(/```sql mariadb\n([\s\S]*?)```/)?.[1]?.split(';\n') ?? [];
  const admin = await server.session('test');
  for (const statement of statements.filter((text) => text.trim() !== '')) await admin.query(statement);
  const url = changed({ username: 'andon', password: 'a%20long%20password' });
  await using sessions = new MysqlSessions(server);
  await sessions.did('planner', 'BEGIN', 'INSERT INTO work_orders VALUES (1)');
  await sessions.hang('terminal', 'INSERT INTO work_orders VALUES (1)');
  using collectors = collectorsOf(url, every);
  for (const collector of collectors.all) {
    const { failure, found } = await collectOnce(collector);
    expect({ collector: collector.name, failure }).toEqual({ collector: collector.name, failure: undefined });
    if (collector.name === 'locks')
      expect(found.get('mes_db_blocking_sessions{target="db",blocker="planner",blocked="terminal"}')).toBe(1);
  }
  expect(statements.length).toBeGreaterThan(1);
});

it.each([
  [
    'a wrong password',
    { password: 'wrong' },
    /Access denied for user 'root'@'127.0.0.1' \(using password: YES\)$/,
  ],
  ['a database that is not there', { pathname: '/mess' }, /Unknown database 'mess'$/],
])(
  'With %s the database is not up, and the reason says so without the password.',
  async (_what, parts, reason) => {
    using collectors = collectorsOf(changed(parts));
    const { found, failure } = await locksOf(collectors);
    expect(found).toEqual(up(0));
    expect(failure).toMatch(/^MySQL at 127\.0\.0\.1:\d+\/\w+: /);
    expect(failure).toMatch(reason);
    expect(failure).not.toContain('wrong');
  },
);

it('Where nobody listens, or somebody else answers, the database is not up.', async () => {
  const [port = 0] = await freePorts(1);
  using nobody = collectorsOf(changed({ port: String(port) }));
  expect(await locksOf(nobody)).toEqual({ found: up(0), failure: expect.stringContaining('ECONNREFUSED') });
  const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => web.listen(port, '127.0.0.1', resolve));
  using other = collectorsOf(changed({ port: String(port) }));
  expect(await locksOf(other)).toEqual({
    found: up(0),
    failure: expect.stringContaining('what answers there is not MySQL'),
  });
  web.close();
});

it('When all connections are taken, one that is open goes on answering, and so does the extra port.', async () => {
  using before = collectorsOf(server.url('mes'), every);
  for (const collector of before.all) await collectOnce(collector);
  const admin = await server.session('test');
  await using sessions = new MysqlSessions(server);
  await sessions.did('forgotten terminal', 'BEGIN', 'INSERT INTO work_orders VALUES (2)');
  await sessions.hang('terminal', 'INSERT INTO work_orders VALUES (2)', 4);
  await admin.query('SET GLOBAL max_connections = 10');
  // One more than the maximum comes in: that of an administrator.
  const isFull = () =>
    sessions.open('terminal').then(
      () => false,
      () => true,
    );
  await waitFor(isFull, { what: 'the last connection', timeoutMs: 30_000, everyMs: 0 });
  using late = collectorsOf(server.url('mes'));
  using extra = collectorsOf(changed({ port: String(extraPort) }));
  const [kept, refused, reserved] = [await locksOf(before), await locksOf(late), await locksOf(extra)];
  const connections = await collectOnce(before.get('connections'));
  await admin.query('SET GLOBAL max_connections = 300');
  expect(refused).toEqual({ found: up(0), failure: expect.stringContaining('Too many connections') });
  for (const answer of [kept, reserved])
    expect(answer).toMatchObject({
      failure: undefined,
      found: { ...up(1), 'mes_db_blocked_sessions{target="db"}': 4 },
    });
  expect(connections.found.get('mes_db_connections_max{target="db"}')).toBe(10);
  expect(connections.found.get('mes_db_connections{target="db"}')).toBeGreaterThan(10);
});

it('A half-open connection costs one scrape its time, leaves nothing behind, and all is well when the link is.', async () => {
  await using link = await startHalfOpenLink(server.port);
  using collectors = collectorsOf(changed({ port: String(link.port) }));
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
  expect(link.connections()).toBe(1);
  link.cut();
  for (let scrape = 0; scrape < 3; scrape++)
    expect(await locksOf(collectors, 300)).toEqual({
      found: up(0),
      failure: expect.stringMatching(/no answer (in time|within 300 ms)/),
    });
  await waitFor(() => link.connections() === 0, { what: 'the end of the connections', timeoutMs: 30_000 });
  link.heal();
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
  link.forget();
  // What was lost between two scrapes was never down.
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
  expect(link.connections()).toBe(1);
});

it('A server that was restarted between two scrapes, or has ended the session, was never down.', async () => {
  using collectors = collectorsOf(server.url('mes'));
  expect((await locksOf(collectors)).found).toEqual(calm);
  const admin = await server.session('test');
  const ours = async () => {
    const [rows] = await admin.query(
      "SELECT PROCESSLIST_ID AS id FROM performance_schema.session_connect_attrs WHERE ATTR_VALUE = 'andon exporter'",
    );
    const ids = (rows as { id: number }[]).map(({ id }) => id);
    return ids.length === 1 && ids;
  };
  // Those of the tests before may still be on their way out.
  const [id] = await waitFor(ours, { what: 'one session of the exporter', timeoutMs: 30_000 });
  await admin.query('KILL ?', [id]);
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
  await server.crash();
  await server.start();
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
});

it('A server that dies in the middle of a statement is down; nothing hangs, and it is up when it is back.', async () => {
  using collectors = collectorsOf(server.url('mes'));
  expect((await locksOf(collectors)).found).toEqual(calm);
  using slow = collectorsOf(server.url('mes'), withSessions(mysqlLocks, slowly));
  const admin = await server.session('test');
  const dying = locksOf(slow);
  await waitFor(
    async () => {
      const [rows] = await admin.query(
        "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep' AND INFO LIKE '/* andon exporter */%'",
      );
      return (rows as unknown[]).length > 0;
    },
    { what: 'the statement', timeoutMs: 30_000, everyMs: 10 },
  );
  await server.crash();
  expect(await dying).toEqual({ found: up(0), failure: expect.stringContaining('Connection lost') });
  expect((await locksOf(collectors)).found).toEqual(up(0));
  await server.start();
  expect(await locksOf(collectors)).toEqual({ found: calm, failure: undefined });
});

/** The same session, whose every statement takes all the time it is given. */
const slowly = (session: DatabaseSession): DatabaseSession => ({
  query: (_text, run) => session.query('SELECT SLEEP(60) AS version', run),
  batches: (text, run) => session.batches(text, run),
  [Symbol.dispose]: () => {},
});
