import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { hold, LockedMariadb, want } from '../testing/locked-mariadb.ts';

/** As MariaDB comes: it tells neither who holds a table nor what programs are called. */
let db: LockedMariadb;

beforeAll(async () => {
  db = await LockedMariadb.start();
}, 90_000);
afterAll(() => db?.[Symbol.asyncDispose]());

test('A row lock is released all the same, and a user on the protect list is spared.', async () => {
  await using sessions = db.sessions();
  const root = await db.forgotten(sessions);
  const protect = ['root@127.0.0.1'];
  expect(await db.run({ protect })).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(await db.isAlive(root)).toBe(true);
  expect(await db.run({ protect: ['backup@*'] })).toMatchObject({
    outcome: 'succeeded',
    touched: 1,
  });
});

test('Nobody is terminated who might be the protected program.', async () => {
  await using sessions = db.sessions();
  const root = await db.forgotten(sessions);
  const result = await db.run({ protect: ['mariadb-dump*'] });
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('performance_schema');
  expect(await db.isAlive(root)).toBe(true);
});

test('Who holds a table is not known, and nobody is terminated.', async () => {
  await using sessions = db.sessions();
  await sessions.did('forgotten terminal', 'LOCK TABLES work_orders WRITE');
  await sessions.hang('terminal', 'SELECT COUNT(*) FROM work_orders', 2);
  const result = await db.run();
  expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(result.summary).toMatch(/2 sessions wait.*performance_schema = ON/);
});

test('A root that waits itself for nobody knows whom is left alone.', async () => {
  await using sessions = db.sessions();
  const root = await sessions.did('forgotten terminal', 'BEGIN', hold);
  await sessions.did('somebody', "SELECT GET_LOCK('shift', 1)");
  root.query("SELECT GET_LOCK('shift', 60)").catch(() => {});
  const waits = "SELECT 1 FROM information_schema.PROCESSLIST WHERE id = ? AND state = 'User lock'";
  await waitFor(async () => (await db.query(waits, [root.threadId])).length === 1, {
    what: 'the wait of the root',
    timeoutMs: 20_000,
  });
  await sessions.hang('terminal', want);
  const result = await db.run();
  expect(result).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(result.summary).toContain('waits for a lock itself');
  expect(await db.isAlive(root)).toBe(true);
});

test('A user without the rights is told which, and touches nothing.', async () => {
  const admin = await db.server.session('test');
  await admin.query("CREATE USER weak@'127.0.0.1' IDENTIFIED BY 'w'");
  await admin.query("GRANT SELECT ON mes.* TO weak@'127.0.0.1'");
  const url = db.server.url('mes').replace('root:test', 'weak:w');
  await using sessions = db.sessions();
  const root = await db.forgotten(sessions);
  const blind = await db.run({ url });
  expect(blind).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(blind.summary).toContain('GRANT PROCESS');
  await admin.query("GRANT PROCESS ON *.* TO weak@'127.0.0.1'");
  const weak = await db.run({ url });
  expect(weak).toMatchObject({ outcome: 'refused', touched: 0 });
  expect(weak.summary).toContain('CONNECTION ADMIN');
  expect(await db.isAlive(root)).toBe(true);
});
