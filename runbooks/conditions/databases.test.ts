import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { targetSchema } from '../../kit/targets.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { isSqlTarget, openSqlSession } from '../sql/session.ts';
import { stepWorld } from '../testing/step-world.ts';
import { condition } from './condition.ts';
import { waitForCondition } from './wait-for-condition.ts';

const servers: { postgres?: TestPostgres; mysql?: TestMariadb } = {};

beforeAll(async () => {
  const [postgres, mysql] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  Object.assign(servers, { postgres, mysql });
  await mysql.database('mes');
  const session = await mysql.session('test', 'mes');
  await session.query('CREATE TABLE work_orders (id INT PRIMARY KEY, state VARCHAR(20)) ENGINE = InnoDB');
  await session.query(`INSERT INTO work_orders VALUES (1, 'open'), (2, 'open'), (3, 'done')`);
  await session.query('CREATE PROCEDURE sneak() BEGIN COMMIT; DELETE FROM work_orders; COMMIT; END');
  const client = await postgres.session('test');
  await client.query('CREATE TABLE work_orders (id int PRIMARY KEY, state text)');
  await client.query(`INSERT INTO work_orders VALUES (1, 'open'), (2, 'open'), (3, 'done')`);
}, 90_000);
afterAll(async () => {
  await servers.postgres?.[Symbol.asyncDispose]();
  await servers.mysql?.[Symbol.asyncDispose]();
});

const urlOf = (kind: string) => (kind === 'postgres' ? servers.postgres?.url() : servers.mysql?.url('mes'));
const ask = (kind: string, question: object, url = urlOf(kind)) =>
  waitForCondition(
    // No time at all: it is asked once.
    condition.parse({ name: 'work orders', within: '0s', ...question }),
    stepWorld({ db: { kind, url } }),
    AbortSignal.timeout(20_000),
  );

describe.for(['postgres', 'mysql'])('A condition that asks %s', (kind) => {
  test.for([
    [{ sql: `SELECT count(*) FROM work_orders WHERE state = 'open'`, expect: '== 2' }],
    [{ sql: '-- a comment\n (SELECT 0.5)', expect: '< 1' }],
    [{ sql: `WITH one AS (SELECT '7' AS n) SELECT n FROM one`, expect: '>= 7' }],
    [{ no_rows: `SELECT * FROM work_orders WHERE state = 'lost'` }],
  ])('is true: %j', async ([question = {}]) => {
    expect(await ask(kind, question)).toBeUndefined();
  });

  test.for([
    [{ sql: 'SELECT count(*) FROM work_orders', expect: '== 2' }, 'last answer: 3'],
    [{ sql: 'SELECT id FROM work_orders WHERE id = 9', expect: '== 0' }, 'last answer: no rows'],
    [{ sql: 'SELECT NULL', expect: '== 0' }, 'last answer: NULL'],
    [{ sql: `SELECT ''`, expect: '== 0' }, 'is no number'],
    [{ sql: `SELECT 'open'`, expect: '== 0' }, 'is no number'],
    [{ no_rows: 'SELECT * FROM work_orders' }, 'last answer: 3 rows'],
    [{ no_rows: 'SELECT * FROM nowhere' }, 'nowhere'],
  ] as const)('is not true, and says why: %j', async ([question, why]) => {
    const answer = await ask(kind, question);
    expect(answer).toMatch(/^not true within 0 s: work orders/);
    expect(answer).toContain(why);
  });

  test('cannot change anything, neither by a second statement nor by one that returns rows.', async () => {
    for (const no_rows of [
      'SELECT 1 WHERE false; DELETE FROM work_orders',
      'SELECT * FROM work_orders WHERE id = 9; COMMIT; DELETE FROM work_orders',
      'EXPLAIN ANALYZE DELETE FROM work_orders',
      'WITH gone AS (DELETE FROM work_orders RETURNING id) SELECT * FROM gone WHERE id = 9',
    ])
      expect(await ask(kind, { no_rows })).toMatch(/not true/);
    expect(await ask(kind, { sql: 'SELECT count(*) FROM work_orders', expect: '== 3' })).toBeUndefined();
  });

  test('is a mistake in the file when the statement is not one that reads.', () => {
    for (const no_rows of [
      'DELETE FROM work_orders',
      'CALL sneak()',
      '/*!50000 CALL sneak() */',
      '/*M! CALL sneak() */ SELECT 1',
      '',
      `SELECT 1 INTO/**/OUTFILE '/tmp/x'`,
      'DO $$ BEGIN COMMIT; END $$',
      'SET GLOBAL max_connections = 1',
    ])
      expect(condition.safeParse({ name: 'x', no_rows }).success, no_rows).toBe(false);
  });

  test('says who did not answer, and not the password.', async () => {
    const url = `${kind}://root:hidden@127.0.0.1:1/mes`;
    const answer = await ask(kind, { no_rows: 'SELECT 1' }, url);
    expect(answer).toContain('127.0.0.1:1/mes');
    expect(answer).not.toContain('hidden');
  });
});

test.for(['postgres', 'mysql'])('A session that reads refuses to write on %s by itself.', async (kind) => {
  const target = targetSchema.parse({ kind, url: urlOf(kind) });
  if (!isSqlTarget(target)) return expect.unreachable();
  const limits = { applicationName: 'test', statementTimeoutMs: 5000, lockTimeoutMs: 1000 };
  await using session = await openSqlSession(target, limits, AbortSignal.timeout(20_000));
  await session.begin('read');
  await expect(session.run('DELETE FROM work_orders', [])).rejects.toThrow(/read.only/i);
});
