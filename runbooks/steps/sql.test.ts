import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import type { StepResult } from '../step.ts';
import { cutLine } from '../testing/cut-line.ts';
import { stepWorld } from '../testing/step-world.ts';
import { startTwoEngines, type TwoEngines } from '../testing/two-engines.ts';
import { sql } from './sql.ts';

let engines: TwoEngines;

beforeAll(async () => {
  engines = await startTwoEngines();
}, 90_000);
afterAll(() => engines?.[Symbol.asyncDispose]());
beforeEach(() => engines.reset());

describe.for(['postgres', 'mysql'])('The step sql on %s', (kind) => {
  const engine = () => engines.of(kind);
  /** `?` is written $1 on PostgreSQL. */
  const own = (text: string) => {
    let n = 0;
    return kind === 'mysql' ? text : text.replaceAll('?', () => `$${++n}`);
  };
  const run = (
    written: Record<string, unknown>,
    { url = engine().url, signal = AbortSignal.timeout(30_000) } = {},
  ): Promise<StepResult> =>
    sql.run(
      sql.params.parse({ ...written, query: own(String(written.query)) }),
      stepWorld({ db: { kind, url } }),
      signal,
    );
  const close = `UPDATE orders SET state = ? WHERE state = ?`;
  const closeOpen = { query: close, params: ['closed', 'open'], mode: 'write' };

  test('reads: the first rows are in the details, and nothing is changed.', async () => {
    const query = 'SELECT id, state FROM orders WHERE id > ? AND state = ? ORDER BY id LIMIT 10';
    expect(await run({ query, params: [1, 'open'], rows: { min: 2, max: 2 } })).toEqual({
      outcome: 'succeeded',
      summary: '2 rows were read from db',
      touched: 0,
      details: {
        rows: 2,
        first: [
          { id: 2, state: 'open' },
          { id: 3, state: 'open' },
        ],
      },
    });
  });

  test('fails when it reads more or fewer rows than it may.', async () => {
    for (const rows of [{ max: 3 }, { min: 5 }])
      expect(await run({ query: 'SELECT * FROM orders', rows })).toMatchObject({
        outcome: 'failed',
        touched: 0,
        details: { rows: 4 },
      });
  });

  test('gives up an answer that nobody can have meant, and a write that would give one changes nothing.', async () => {
    const many = `FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g`;
    const read = await run({ query: `SELECT a.id ${many}` });
    expect(read).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(read.summary).toContain('more than 10000 rows came');
    const write = `INSERT INTO orders SELECT 10 + row_number() OVER (), 'new' ${many} RETURNING id`;
    const result = await run({ query: write, mode: 'write', rows: { max: 100_000 } });
    expect(result.outcome).toBe('failed');
    await waitFor(async () => (await engine().count()) === 4, { what: 'the rollback', timeoutMs: 20_000 });
  });

  test('writes what is within the guard, and says how many rows.', async () => {
    const result = await run({ ...closeOpen, rows: { min: 1, max: 3 } });
    expect(result).toMatchObject({ outcome: 'succeeded', touched: 3, details: { rows: 3 } });
    expect(await engine().count(`state = 'closed'`)).toBe(3);
  });

  test('rolls back what is outside of the guard, and refuses.', async () => {
    for (const rows of [{ max: 2 }, { min: 4, max: 9 }]) {
      const result = await run({ ...closeOpen, rows });
      expect(result).toMatchObject({ outcome: 'refused', touched: 0, details: { rows: 3 } });
      expect(result.summary).toContain('it was rolled back');
    }
    expect(await engine().count(`state = 'open'`)).toBe(3);
  });

  test('takes values as values, whatever is in them.', async () => {
    const evil = `'; DROP TABLE orders; --`;
    await run({
      query: 'UPDATE orders SET state = ? WHERE id = 1',
      params: ['$(reboot)'],
      mode: 'write',
      rows: { max: 1 },
    });
    expect(await engine().count(`state = '$(reboot)'`)).toBe(1);
    const result = await run({
      query: 'DELETE FROM orders WHERE state = ?',
      params: [evil],
      mode: 'write',
      rows: { max: 1 },
    });
    expect(result).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(await engine().count()).toBe(4);
  });

  test('carries out one statement only, and nothing that writes in a transaction that reads.', async () => {
    for (const written of [
      { query: 'SELECT 1; DELETE FROM orders' },
      { query: 'SELECT 1; COMMIT; DELETE FROM orders' },
      { query: 'EXPLAIN ANALYZE DELETE FROM orders' },
      { ...closeOpen, query: `${close}; COMMIT`, rows: { max: 9 } },
      { query: 'DELETE FROM orders WHERE id = 1; DELETE FROM orders', mode: 'write', rows: { max: 1 } },
    ])
      expect(await run(written)).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(await engine().count(`state = 'open'`)).toBe(3);
  });

  test('changes nothing when the statement fails.', async () => {
    const result = await run({
      query: 'INSERT INTO orders VALUES (5, ?), (1, ?)',
      params: ['a', 'b'],
      mode: 'write',
      rows: { max: 2 },
    });
    expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(await engine().count()).toBe(4);
  });

  test.for(['before', 'after'] as const)(
    'does not know what was changed when the line is cut %s the server got the COMMIT.',
    async (when) => {
      await using line = await cutLine(engine().port, 'COMMIT', when);
      const url = engine().url.replace(`:${engine().port}/`, `:${line.port}/`);
      const result = await run({ ...closeOpen, rows: { max: 3 } }, { url });
      expect(result).toMatchObject({ outcome: 'failed', touched: null });
      expect(result.summary).toContain('is not known');
      const closed = () => engine().count(`state = 'closed'`);
      await waitFor(async () => (await closed()) === (when === 'after' ? 3 : 0), {
        what: 'the end',
        timeoutMs: 20_000,
      });
    },
  );

  test('ends when it is stopped, while it waits for a lock, and changes nothing.', async () => {
    const other = await engine().session('other');
    await other.query('BEGIN');
    await other.query(`UPDATE orders SET state = 'held' WHERE id = 1`);
    const stop = new AbortController();
    const running = run({ ...closeOpen, rows: { max: 3 } }, { signal: stop.signal });
    const waiting =
      kind === 'postgres'
        ? `SELECT 1 AS n FROM pg_locks WHERE NOT granted`
        : `SELECT 1 AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'`;
    const rows = async () => JSON.stringify(await engine().query(waiting)).includes('"n":1');
    // InnoDB shows the same list again to whoever asks within 0.1 s.
    await waitFor(rows, { what: 'the wait', timeoutMs: 20_000, everyMs: 200 });
    stop.abort(new Error('stopped'));
    const result = await running;
    expect(result.outcome).toBe('failed');
    // Without an answer of MySQL nobody knows whether the table had transactions.
    expect(result.touched).toBe(kind === 'postgres' ? 0 : null);
    await other.query('ROLLBACK');
    expect(await engine().count(`state = 'closed'`)).toBe(0);
  });

  test('gives up a lock that it does not get within seconds.', async () => {
    const other = await engine().session('other');
    await other.query('BEGIN');
    await other.query(`UPDATE orders SET state = 'held' WHERE id = 1`);
    const result = await run({ ...closeOpen, rows: { max: 3 } });
    expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(result.summary).toMatch(/lock/i);
    await other.query('ROLLBACK');
  });

  test('fails where nobody answers, without the password.', async () => {
    const url = `${kind}://root:hidden@127.0.0.1:1/mes`;
    const result = await run({ ...closeOpen, rows: { max: 1 } }, { url });
    expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(result.summary).toMatch(/^db: .*127\.0\.0\.1:1/);
    expect(result.summary).not.toContain('hidden');
  });

  test('plans the statement, the values and the guard, without the password.', () => {
    const [effect] = sql.plan(
      sql.params.parse({ ...closeOpen, rows: { max: 3 } }),
      stepWorld({ db: { kind, url: `${kind}://root:hidden@10.0.0.1:99/mes` } }),
    );
    expect(effect).toEqual({
      does: `write: ${close} with ["closed","open"]; at most 3 may be changed`,
      on: 'db (10.0.0.1:99/mes)',
      undo: expect.stringContaining('rolled back'),
    });
  });
});

test('What a table without transactions has lost is said, because no ROLLBACK brings it back.', async () => {
  await engines.of('mysql').query('ALTER TABLE orders ENGINE = MyISAM');
  const result = await sql.run(
    sql.params.parse({ query: 'DELETE FROM orders', mode: 'write', rows: { max: 1 } }),
    stepWorld({ db: { kind: 'mysql', url: engines.of('mysql').url } }),
    AbortSignal.timeout(30_000),
  );
  expect(result).toMatchObject({ outcome: 'failed', touched: 4 });
  expect(result.summary).toContain('could not be rolled back');
});

test('What the server refuses at COMMIT is known to have changed nothing.', async () => {
  await engines.of('postgres').query(`DELETE FROM orders WHERE id IN (2, 3)`);
  await engines.of('postgres').query('ALTER TABLE orders ADD UNIQUE (state) DEFERRABLE INITIALLY DEFERRED');
  const result = await sql.run(
    sql.params.parse({ query: `UPDATE orders SET state = 'same'`, mode: 'write', rows: { max: 2 } }),
    stepWorld({ db: { kind: 'postgres', url: engines.of('postgres').url } }),
    AbortSignal.timeout(30_000),
  );
  expect(result).toMatchObject({ outcome: 'failed', touched: 0 });
  expect(result.summary).toContain('nothing was changed');
});

test.for([
  [{ query: 'DELETE FROM orders', mode: 'write' }, 'a write needs rows: {max: N}'],
  [{ query: 'DELETE FROM orders', mode: 'write', rows: { min: 1 } }, 'a write needs rows: {max: N}'],
  [{ query: 'DELETE FROM orders' }, 'must begin with SELECT'],
  [
    { query: 'WITH x AS (DELETE FROM orders RETURNING 1) SELECT 1', mode: 'write', rows: { max: 1 } },
    'must begin with INSERT',
  ],
  [{ query: 'TRUNCATE orders', mode: 'write', rows: { max: 1 } }, 'must begin with INSERT'],
  [{ query: 'CALL sneak()' }, 'must begin with SELECT'],
  [{ query: 'SELECT 1', rows: { min: 2, max: 1 } }, 'is more than'],
  [{ query: 'SELECT 1', repeatable: true }, 'reading always is'],
] as const)('A mistake in the file is named: %j', ([written, message]) => {
  expect(sql.params.safeParse(written).error?.message).toContain(message);
});

test('Reading may be repeated, writing only where the author vouches for it.', () => {
  const write = { query: 'DELETE FROM orders', mode: 'write', rows: { max: 1 } };
  const repeatable = (written: object) => sql.repeatable(sql.params.parse(written));
  expect(repeatable({ query: 'SELECT 1' })).toBe(true);
  expect(repeatable(write)).toBe(false);
  expect(repeatable({ ...write, repeatable: true })).toBe(true);
  expect(sql.placeholders).toEqual({ query: 'refused' });
});
