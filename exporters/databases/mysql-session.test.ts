import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import type { ScrapeRun } from '../collector.ts';
import { MysqlCollectorSession } from './mysql-session.ts';
import type { Row } from './session.ts';

let server: TestMariadb;

beforeAll(async () => {
  server = await startTestMariadb({ settings: { 'default-time-zone': '+05:30' } });
});
afterAll(async () => server?.[Symbol.asyncDispose]());

/** With a grace its signal comes so much later than the run says: then it is the server that ends what is asked within it. */
function runOf(limitMs = 20_000, graceMs = 0): ScrapeRun {
  const end = performance.now() + limitMs;
  return {
    signal: AbortSignal.timeout(limitMs + graceMs),
    remainingMs: () => Math.max(0, end - performance.now()),
    step: (_what, work) => work(),
  };
}

async function connectionsOfExporter(): Promise<number> {
  const session = await server.session('test');
  const [rows] = await session.query(
    'SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND DB = ?',
    ['mysql'],
  );
  session.destroy();
  return Number((rows as Row[])[0]?.n);
}

const idOf = async (session: MysqlCollectorSession): Promise<unknown> =>
  (await session.query('SELECT CONNECTION_ID() AS id', runOf()))[0]?.id;

async function all(rows: AsyncIterable<Row[]>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const batch of rows) found.push(...batch);
  return found;
}

it('A million rows come 2000 at a time, and others are answered meanwhile.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  let rows = 0;
  let largest = 0;
  const others: unknown[] = [];
  for await (const batch of session.batches('SELECT seq FROM seq_1_to_1000000', runOf(60_000))) {
    rows += batch.length;
    largest = Math.max(largest, batch.length);
    if (others.length < 3) others.push(await idOf(session));
  }
  expect({ rows, largest }).toEqual({ rows: 1_000_000, largest: 2000 });
  expect(new Set(others).size).toBe(1);
  await waitFor(async () => (await connectionsOfExporter()) === 1, {
    what: 'one connection',
    timeoutMs: 30_000,
  });
});

it('Two long streams can be read side by side, as a comparison of one server with itself does.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const run = runOf();
  const streams = [1, 2].map(() =>
    session.batches('SELECT seq FROM seq_1_to_5000', run)[Symbol.asyncIterator](),
  );
  let rows = 0;
  for (let round = 0; round < 3; round++)
    for (const stream of streams) rows += ((await stream.next()).value ?? []).length;
  for (const stream of streams) expect((await stream.next()).done).toBe(true);
  expect(rows).toBe(10_000);
});

it('A short result costs no connection of its own, and leaves no transaction open.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const id = await idOf(session);
  for (const count of [0, 1, 1999, 2000, 2001])
    expect(await all(session.batches(`SELECT seq FROM seq_1_to_3000 LIMIT ${count}`, runOf()))).toHaveLength(
      count,
    );
  expect(await idOf(session)).toBe(id);
  const [row] = await session.query('SELECT @@in_transaction AS n', runOf());
  expect(row).toEqual({ n: 0 });
});

it('Who stops reading, or reads too slowly for the run, leaves nothing behind.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  for await (const _batch of session.batches('SELECT seq FROM seq_1_to_1000000', runOf())) break;
  const run = runOf(500);
  const slow = async () => {
    for await (const _batch of session.batches('SELECT seq FROM seq_1_to_1000000', run))
      await new Promise((resolve) => run.signal.addEventListener('abort', resolve));
  };
  await expect(slow()).rejects.toThrow(/no time|no answer in time/);
  await waitFor(async () => (await connectionsOfExporter()) === 0, { what: 'their end', timeoutMs: 30_000 });
});

it('The server ends a statement before the time of its run is over, and the session goes on.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const id = await idOf(session);
  await expect(session.query('SELECT SLEEP(30)', runOf(10_000))).rejects.toThrow(
    /max_statement_time exceeded/,
  );
  await expect(all(session.batches('SELECT SLEEP(30)', runOf(1000, 20_000)))).rejects.toThrow(
    /max_statement_time exceeded/,
  );
  expect(await idOf(session)).toBe(id);
});

it.each([
  ['CREATE TABLE mysql.andon (id INT)', /READ ONLY/],
  ["INSERT INTO mysql.help_topic VALUES (0, 'x', 0, '', '', '')", /READ ONLY/],
  ['SELECT 1; SELECT 2', /syntax/],
  ['SELECT no_such_column', /Unknown column/],
])('A statement of a user can only read: "%s" is refused, and the session goes on.', async (text, reason) => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const id = await idOf(session);
  await expect(all(session.batches(text, runOf()))).rejects.toThrow(reason);
  expect(await idOf(session)).toBe(id);
});

it('It waits a second for a lock and no longer.', async () => {
  const holder = await server.session('test', 'mysql');
  await holder.query('CREATE TABLE locked (id INT) ENGINE = InnoDB');
  await holder.query('LOCK TABLES locked WRITE');
  using session = new MysqlCollectorSession(server.url('mysql'));
  await expect(session.query('SELECT * FROM locked', runOf())).rejects.toThrow(/Lock wait timeout exceeded/);
  await holder.query('UNLOCK TABLES');
  expect(await session.query('SELECT * FROM locked', runOf())).toEqual([]);
});

it('Times are those of the server, in whatever zone it and the exporter are; large numbers stay exact.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const text = 'SELECT UNIX_TIMESTAMP() AS seconds, NOW() AS time, 9007199254740993 AS large, 12.50 AS exact';
  const [row] = await session.query<{ seconds: number; time: Date }>(text, runOf());
  expect(row?.time.getTime()).toBe((row?.seconds ?? 0) * 1000);
  expect(row).toMatchObject({ large: '9007199254740993', exact: '12.50' });
});

it('A stream that is cut off in the middle fails; it never seems to be at its end.', async () => {
  using session = new MysqlCollectorSession(server.url('mysql'));
  const read = async () => {
    let rows = 0;
    for await (const batch of session.batches('SELECT seq FROM seq_1_to_10000000', runOf())) {
      if (rows === 0) await server.crash();
      rows += batch.length;
    }
  };
  await expect(read()).rejects.toThrow(/Connection lost|ECONNRESET|EPIPE/);
  await server.start();
  expect(await session.query('SELECT 1 AS one', runOf())).toEqual([{ one: 1 }]);
});
