import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messageOf } from '../../kit/errors.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { exporterSessionsAre } from '../testing/exporter-sessions.ts';
import { type HalfOpenLink, startHalfOpenLink } from '../testing/half-open-link.ts';
import { startRun, type TestRun } from '../testing/scrape-run.ts';
import { PostgresCollectorSession } from './postgres-session.ts';

let server: TestPostgres;
let link: HalfOpenLink;
let admin: pg.Client;
let url: string;
let session: PostgresCollectorSession;
beforeAll(async () => {
  server = await startTestPostgres();
  url = await server.database('mes');
  admin = await server.session('admin');
  link = await startHalfOpenLink(server.port);
}, 120_000);
afterAll(async () => {
  await link?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
}, 60_000);
beforeEach(() => {
  session = new PostgresCollectorSession(url.replace(`:${server.port}/`, `:${link.port}/`));
});
afterEach(async () => {
  link.heal();
  session[Symbol.dispose]();
  await sessionsAre();
});

const one = async (text: string, run: TestRun = startRun()) => (await session.query(text, run))[0];
const sessionsAre = (...states: string[]) => exporterSessionsAre(admin, states);
const failure = async (promise: Promise<unknown>) => messageOf(await promise.catch((error) => error));
const numbers = (to: number) => `SELECT n FROM generate_series(1, ${to}) AS n`;
async function read(text: string, run: TestRun = startRun()): Promise<number> {
  let rows = 0;
  for await (const batch of session.batches(text, run)) rows += batch.length;
  return rows;
}

describe('a statement', { timeout: 60_000 }, () => {
  it('is cancelled by the server before its run is over, and leaves the connection as it was.', async () => {
    const pid = await one('SELECT pg_backend_pid() AS pid');
    const run = startRun(10_000); // A statement gets 2 s of it: the server may be late.
    expect(await failure(session.query('SELECT pg_sleep(60)', run))).toBe(
      'canceling statement due to statement timeout',
    );
    expect(run.signal.aborted).toBe(false);
    await sessionsAre('idle');
    expect(await one('SELECT pg_backend_pid() AS pid')).toEqual(pid);
  });

  it('is cancelled by the server also when the network answers nothing any more, where another would go on.', async () => {
    const careless = await server.session('careless');
    const goesOn = failure(careless.query('SELECT pg_sleep(60)'));
    const run = startRun(60_000);
    const asleep = failure(session.query('SELECT pg_sleep(60)', run));
    await sessionsAre('active');
    link.cut();
    run.end();
    expect(await asleep).toBe(`PostgreSQL at 127.0.0.1:${link.port}/mes: no answer in time`);
    await sessionsAre('idle');
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'careless' AND state = 'active'`;
    expect((await admin.query(end)).rowCount).toBe(1);
    await goesOn;
  });

  it('keeps its limit after a statement that failed, whose transaction took the setting back.', async () => {
    expect(await failure(session.query('SELECT 1/0', startRun(800)))).toBe('division by zero');
    const { limit } = (await one("SELECT current_setting('statement_timeout') AS limit", startRun(800))) as {
      limit: string;
    };
    expect(Number.parseInt(limit, 10)).toBeLessThan(800);
    expect(Number.parseInt(limit, 10)).toBeGreaterThan(0);
  });

  it('cannot write.', async () => {
    expect(await failure(session.query('CREATE TABLE mine (n int)', startRun()))).toBe(
      'cannot execute CREATE TABLE in a read-only transaction',
    );
  });

  it('runs in a session that the server gives up when the exporter has gone without a goodbye.', async () => {
    const limits = {
      tcp_keepalives_idle: '10',
      tcp_user_timeout: '25000',
      idle_in_transaction_session_timeout: '30s',
      lock_timeout: '100ms',
    };
    const shown = Object.keys(limits).map((name) => `current_setting('${name}') AS ${name}`);
    expect(await one(`SELECT ${shown}`)).toEqual(limits);
  });

  it('is not begun when too little time is left for the server to end it.', async () => {
    await one('SELECT 1');
    expect(await failure(session.query('SELECT 1', startRun(5)))).toContain('no time was left');
  });

  it('keeps its limits whatever the URL of the target says.', async () => {
    using other = new PostgresCollectorSession(
      `${url}?application_name=nobody&lock_timeout=0&options=-c%20lock_timeout%3D0%20-c%20work_mem%3D8MB`,
    );
    const text = `SELECT current_setting('application_name') AS name, current_setting('lock_timeout') AS lock,
      current_setting('work_mem') AS memory`;
    expect((await other.query(text, startRun()))[0]).toEqual({
      name: 'andon exporter',
      lock: '100ms',
      memory: '8MB',
    });
  });
});

describe('a connection', { timeout: 60_000 }, () => {
  it('that was ended between two scrapes, or in the middle of a statement, is made anew once.', async () => {
    const terminate =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'andon exporter'";
    await one('SELECT 1');
    await admin.query(terminate);
    const again = await one('SELECT pg_backend_pid() AS pid, 2 AS n');
    expect(again).toMatchObject({ n: 2 });
    // Slow over this connection only: over the next one it has nothing to wait for.
    const text = `SELECT CASE pg_backend_pid() WHEN ${again?.pid} THEN pg_sleep(60) END, 3 AS n`;
    const slow = session.query(text, startRun(60_000));
    await sessionsAre('active');
    await admin.query(terminate);
    expect((await slow)[0]).toMatchObject({ n: 3 });
  });

  it('that is being made is given up with its run.', async () => {
    link.cut();
    const run = startRun(60_000);
    const asked = failure(session.query('SELECT 1', run));
    await waitFor(() => link.connections() === 1, { what: 'an attempt to connect', timeoutMs: 10_000 });
    run.end();
    expect(await asked).toBe(`PostgreSQL at 127.0.0.1:${link.port}/mes: no answer in time`);
    await waitFor(() => link.connections() === 0, { what: 'no connection', timeoutMs: 10_000 });
  });

  it('is not made any more when the exporter ends.', async () => {
    await one('SELECT 1');
    session[Symbol.dispose]();
    expect(await failure(session.query('SELECT 1', startRun()))).toContain('the exporter ends');
    await waitFor(() => link.connections() === 0, { what: 'no connection', timeoutMs: 10_000 });
  });
});

describe('a collector that hangs', { timeout: 60_000 }, () => {
  it('keeps the others waiting for one statement, not for all of its own.', async () => {
    const [sleeper, quick] = ['SELECT pg_sleep(60) AS slow', 'SELECT 1 AS quick'];
    for (let times = 0; times < 2; times += 1) await one(quick); // The first one had to connect as well.
    await failure(session.query(sleeper, startRun(1000)));
    const order: string[] = [];
    const ask = (sql: string, run: TestRun) => failure(session.query(sql, run)).then(() => order.push(sql));
    const runs = [startRun(1000), startRun(60_000), startRun(60_000)];
    for (const run of runs) void ask(sleeper, run);
    await ask(quick, startRun(60_000));
    expect(order).toEqual([sleeper, quick]);
    for (const run of runs) run.end();
  });

  it('says so to those whose time is over before their turn comes.', async () => {
    const asleep = failure(session.query('SELECT pg_sleep(60)', startRun(900, 20_000)));
    expect(await failure(session.query('SELECT 1', startRun(200)))).toBe(
      'the database was still busy with another collector',
    );
    expect(await asleep).toContain('statement timeout');
  });
});

describe('a stream of rows', { timeout: 60_000 }, () => {
  it('comes in batches, lets others ask in between, and leaves nothing open.', async () => {
    const pids = new Set<unknown>();
    let rows = 0;
    for await (const batch of session.batches(`${numbers(5000)};`, startRun())) {
      rows += batch.length;
      pids.add((await one('SELECT pg_backend_pid() AS pid'))?.pid);
      expect(await failure(session.query('SELECT 1/0', startRun()))).toBe('division by zero');
      expect(await failure(session.query('SELEC', startRun()))).toContain('syntax error');
    }
    expect(rows).toBe(5000);
    expect(pids.size).toBe(1);
    expect(await one('SELECT count(*)::int AS cursors FROM pg_cursors')).toEqual({ cursors: 0 });
    await sessionsAre('idle');
  });

  it('can be read beside another one over the same connection.', async () => {
    const [some, many] = [
      session.batches(numbers(4100), startRun()),
      session.batches(numbers(9000), startRun()),
    ];
    const counts = [0, 0];
    const take = async (stream: AsyncGenerator<unknown[]>, index: number) => {
      const { value, done } = await stream.next();
      counts[index] = (counts[index] ?? 0) + (done ? 0 : value.length);
      return !done;
    };
    while ([await take(some, 0), await take(many, 1)].some(Boolean));
    expect(counts).toEqual([4100, 9000]);
    await sessionsAre('idle');
  });

  it('shows others the sessions as they are now, not as they were when it began.', async () => {
    const count = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'newcomer'";
    const stream = session.batches(numbers(5000), startRun());
    await stream.next();
    expect(await one(count)).toEqual({ n: 0 });
    await using newcomers = new AsyncDisposableStack();
    const client = await server.session('newcomer');
    newcomers.defer(() => client.end());
    expect(await one(count)).toEqual({ n: 1 });
    await stream.return(undefined);
  });

  it('that is left early, fails or is forgotten by its reader ends its transaction.', async () => {
    for await (const _ of session.batches(numbers(5000), startRun())) break;
    expect(await failure(read('SELECT 1/(3000 - n) FROM generate_series(1, 5000) AS n'))).toBe(
      'division by zero',
    );
    expect(await failure(read('SELECT nothing'))).toBe('column "nothing" does not exist');
    const run = startRun(20_000);
    await session.batches(numbers(5000), run).next();
    await sessionsAre('idle in transaction');
    run.end();
    await sessionsAre('idle');
    expect(await read(numbers(10))).toBe(10);
  });

  it('takes exactly one statement, which only reads.', async () => {
    expect(await failure(read('SELECT 1; ROLLBACK; CREATE TABLE mine (n int)'))).toContain(
      'multiple commands',
    );
    expect(await failure(read('CREATE TABLE mine (n int)'))).toContain('syntax error');
    expect((await admin.query("SELECT to_regclass('mine') AS mine")).rows).toEqual([{ mine: null }]);
  });

  it('is cancelled by the server when it takes too long, and loses its connection only when the network does not answer.', async () => {
    expect(await failure(read('SELECT pg_sleep(60)', startRun(500, 20_000)))).toContain('statement timeout');
    const run = startRun(1000);
    const stream = session.batches(numbers(50_000), run);
    await stream.next();
    link.cut();
    expect(await failure(stream.next())).toContain('no answer in time');
    link.heal();
    expect(await read(numbers(10))).toBe(10);
  });
});
