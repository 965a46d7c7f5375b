import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { targetSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import type { StepWorld } from '../step.ts';
import { stepWorld } from '../testing/step-world.ts';
import { readSessions, terminateIfSame } from './db-release-lock/postgres-sessions.ts';
import { dbReleaseLock } from './db-release-lock.ts';

let server: TestPostgres;
let watcher: pg.Client;

beforeAll(async () => {
  server = await startTestPostgres();
  watcher = await server.session('test-watcher');
  await watcher.query('CREATE TABLE work_orders (id int PRIMARY KEY, state text)');
  await watcher.query(`INSERT INTO work_orders VALUES (1, 'created'), (2, 'created')`);
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const world = (protect: string[] = []): StepWorld =>
  stepWorld({ 'mes-db': { kind: 'postgres', url: server.url(), protect } });

const run = (protect: string[] = [], older_than = 0) =>
  dbReleaseLock.run({ older_than }, world(protect), AbortSignal.timeout(20_000));

const waitingNow = async (): Promise<number> =>
  (await readSessions(watcher)).filter(({ blockedBy }) => blockedBy.length > 0).length;

/** A forgotten transaction, and a chain behind it: one waits for it, another for that one. */
async function forgottenTransaction(name: string) {
  const [forgotten, first, second] = [
    await server.session(name),
    await server.session('mes'),
    await server.session('mes'),
  ];
  await forgotten.query('BEGIN');
  await forgotten.query('LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  await second.query('BEGIN');
  const waits = [
    first.query(`UPDATE work_orders SET state = 'running' WHERE id = 1`),
    second.query('LOCK TABLE work_orders IN SHARE MODE').then(() => second.query('COMMIT')),
  ];
  await waitFor(async () => (await waitingNow()) === 2, { what: 'two waiters', timeoutMs: 10_000 });
  return { forgotten, waits: Promise.all(waits), pid: await pidOf(name) };
}

const pidOf = async (name: string): Promise<number> =>
  (await readSessions(watcher)).find(({ applicationName }) => applicationName === name)?.pid ?? 0;

test('The root of a chain of waiters is terminated, the waiters go on, and the result says who it was.', async () => {
  const { waits, pid, forgotten } = await forgottenTransaction('psql');
  const result = await run();
  expect(result).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
    details: {
      waiting: 2,
      terminated: { pid, applicationName: 'psql', user: 'postgres', state: 'idle in transaction' },
    },
  });
  expect((result.details.terminated as { since: string }).since).toMatch(/^\d{4}-\d\d-\d\dT/);
  await waits;
  await expect(forgotten.query('SELECT 1')).rejects.toThrow();
});

test.for(['psql-protected', 'psql-*'])(
  'A root that is protected by "%s" is left alone, and everybody goes on waiting.',
  async (pattern) => {
    const { waits, forgotten } = await forgottenTransaction('psql-protected');
    const result = await run([pattern]);
    expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(result.summary).toContain(`protected by "${pattern}"`);
    expect(await waitingNow()).toBe(2);
    await forgotten.query('ROLLBACK');
    await waits;
    await forgotten.end();
  },
);

test('Where nobody waits nothing is touched, however long a transaction is open.', async () => {
  const idle = await server.session('long-report');
  await idle.query('BEGIN; SELECT * FROM work_orders');
  const result = await run();
  expect(result).toMatchObject({
    outcome: 'failed',
    touched: 0,
    summary: 'nobody waits for a lock in mes-db',
  });
  expect((await idle.query('SELECT 1')).rowCount).toBe(1);
  await idle.end();
});

test('A transaction that is younger than older_than is work in progress and is left alone.', async () => {
  const { waits, forgotten } = await forgottenTransaction('busy');
  const result = await run([], 3_600_000);
  expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(result.summary).toContain('1h old');
  await forgotten.query('COMMIT');
  await waits;
});

test('A session that has gone on to another transaction since it was read is not hit.', async () => {
  const { waits, forgotten, pid } = await forgottenTransaction('pooled');
  const read = (await readSessions(watcher)).find((session) => session.pid === pid);
  await forgotten.query('COMMIT');
  await waits;
  await forgotten.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  const other = await server.session('mes');
  const waits2 = other.query('SELECT * FROM work_orders');
  await waitFor(async () => (await waitingNow()) === 1, { what: 'a waiter', timeoutMs: 10_000 });
  if (!read) throw new Error('the session was not found');
  expect(await terminateIfSame(watcher, read)).toBe(false);
  expect(await terminateIfSame(watcher, { ...read, backendStart: '2020-01-01 00:00:00+00' })).toBe(false);
  await forgotten.query('COMMIT');
  await waits2;
});

test('A session that blocks nobody is not hit, though it is the one that was read.', async () => {
  const quiet = await server.session('quiet');
  await quiet.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  const read = (await readSessions(watcher)).find(({ applicationName }) => applicationName === 'quiet');
  if (!read) throw new Error('the session was not found');
  expect(await terminateIfSame(watcher, read)).toBe(false);
  await quiet.query('COMMIT');
  await quiet.end();
});

test('A prepared transaction is no session: it is named and left to a person.', async () => {
  const coordinator = await server.session('coordinator');
  await coordinator.query('BEGIN');
  await coordinator.query('LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  await coordinator.query(`PREPARE TRANSACTION 'forgotten'`);
  const waits = (await server.session('mes')).query('SELECT * FROM work_orders');
  await waitFor(async () => (await waitingNow()) === 1, { what: 'a waiter', timeoutMs: 10_000 });
  const result = await run();
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('prepared transaction');
  await coordinator.query(`ROLLBACK PREPARED 'forgotten'`);
  await waits;
});

test('A role that may not see the sessions of others is told so and touches nothing.', async () => {
  await watcher.query(`CREATE ROLE weak LOGIN PASSWORD 'test'`);
  const { waits, forgotten } = await forgottenTransaction('psql');
  const url = new URL(server.url());
  url.username = 'weak';
  const target = targetSchema.parse({ kind: 'postgres', url: server.url(), admin_url: url.href });
  const weak = { ...world(), target: { name: 'mes-db', target } };
  const result = await dbReleaseLock.run({ older_than: 0 }, weak, AbortSignal.timeout(20_000));
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('GRANT pg_monitor');
  await forgotten.query('ROLLBACK');
  await waits;
});

test('A database that cannot be reached fails the step with its address, and without its password.', async () => {
  const target = targetSchema.parse({ kind: 'postgres', url: 'postgres://mes:hidden@127.0.0.1:1/mes' });
  const nowhere = { ...world(), target: { name: 'mes-db', target } };
  const attempt = dbReleaseLock.run({ older_than: 0 }, nowhere, AbortSignal.timeout(20_000));
  await expect(attempt).rejects.toThrow(/127\.0\.0\.1:1\/mes/);
  await attempt.catch((error: unknown) => expect(String(error)).not.toContain('hidden'));
});
