import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revert } from '../undo.ts';
import {
  type DatabasePlace,
  databaseKinds,
  demanded,
  freezable,
  injected,
  startDatabase,
  within,
} from './db/testing/database-place.ts';
import { dbDeadlocks } from './db-deadlocks.ts';

const never = Symbol('nobody else');

describe.concurrent.each(databaseKinds)('A storm of deadlocks on %s', (kind) => {
  let place: DatabasePlace;

  beforeAll(async () => {
    place = await startDatabase(kind);
    for (const table of ['orders', 'told', 'held_up']) {
      await place.query(`CREATE TABLE ${table} (line varchar(20), id int, n int, PRIMARY KEY (line, id))`);
      await place.query(`INSERT INTO ${table} VALUES ('L1', 1, 0), ('L1', 2, 0), ('L2', 1, 0), ('L3', 1, 0)`);
    }
    await place.query('CREATE TABLE loose (id int NOT NULL UNIQUE, n int)');
    await place.query('INSERT INTO loose VALUES (1, 0), (2, 0)');
  });
  afterAll(() => place?.[Symbol.asyncDispose]());

  const storm = (run: string, wish: object = {}, ...rest: [] | [ReturnType<typeof freezable>['clock']]) =>
    injected(dbDeadlocks, { relation: 'orders', ...wish }, place, run, ...rest);
  const ask = (wish: object) => demanded(dbDeadlocks, { relation: 'orders', ...wish }, place);

  const waiting =
    kind === 'postgres'
      ? `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%held_up%'`
      : `SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%held_up%'`;

  /** As the exporter reads it for the alert. */
  async function counted(): Promise<number> {
    const [row] = await place.query(
      kind === 'postgres'
        ? 'SELECT deadlocks::int AS value FROM pg_stat_database WHERE datname = current_database()'
        : `SELECT VARIABLE_VALUE AS value FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_DEADLOCKS'`,
    );
    return Number(row?.value);
  }

  // One after the other: whoever gets no turn for three seconds has lost his lease, as he should, and fights no more.
  test('is counted by the server, changes nothing, and leaves nothing behind', {
    concurrent: false,
  }, async () => {
    const before = await counted();
    await ask({});
    await using deadlocks = await storm('counted', { rate: 4 });
    await within('five deadlocks', async () => (await deadlocks.touched()) >= 5);
    await deadlocks[Symbol.asyncDispose]();
    const touched = await deadlocks.touched();
    // PostgreSQL's sessions tell their counts when they are idle, or end.
    await within('that the server has counted them', async () => (await counted()) - before >= touched);
    expect(await deadlocks.residue()).toEqual([]);
    expect(await Promise.race([deadlocks.liftedByOthers, never])).toBe(never);
    expect(await place.query('SELECT DISTINCT n FROM orders')).toEqual([{ n: 0 }]);
    await place.query(`UPDATE orders SET n = 0 WHERE line = 'L1'`);
  });

  test('fights only over the rows that it is told, by the key that it is told', {
    concurrent: false,
  }, async () => {
    await using client = await place.client();
    // Otherwise MySQL would lock every row that it looks at.
    await client.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await client.query('START TRANSACTION');
    await client.query(`SELECT * FROM told WHERE line <> 'L1' FOR UPDATE`);
    await using deadlocks = await storm('told', { relation: 'told', where: { line: 'L1' }, rate: 4 });
    await within('two deadlocks', async () => (await deadlocks.touched()) >= 2);
    await deadlocks[Symbol.asyncDispose]();
    await using loose = await storm('loose', { relation: 'loose', key: ['id'] });
    await within('one without a primary key', async () => (await loose.touched()) >= 1);
  });

  test('that is held up by somebody who has the rows touches nothing', { concurrent: false }, async () => {
    await using client = await place.client();
    await client.query('START TRANSACTION');
    await client.query('SELECT * FROM held_up FOR UPDATE');
    await using deadlocks = await storm('held-up', { relation: 'held_up' });
    await within('that a row is waited for', async () => (await place.query(waiting)).length > 0);
    // Lifted while it waits for them: it does not wait any longer.
    await deadlocks[Symbol.asyncDispose]();
    expect(await deadlocks.touched()).toBe(0);
    expect(await deadlocks.residue()).toEqual([]);
  });

  test('is ended by its undo, twice if need be, and says so', { concurrent: false }, async () => {
    await using deadlocks = await storm('undone');
    const { undo } = dbDeadlocks.plan(dbDeadlocks.params.parse({ relation: 'x' }), place.target, 'undone', 1);
    for (const _ of [1, 2]) await revert(undo, { ...place, fetch }, AbortSignal.timeout(10_000));
    expect(await deadlocks.liftedByOthers).toBe('runbook');
    await deadlocks[Symbol.asyncDispose]();
    expect(await deadlocks.residue()).toEqual([]);
  });

  test('of a runner that is frozen is ended by the server, though it was slow', {
    concurrent: false,
  }, async () => {
    const { clock, freeze } = freezable();
    const begin = Date.now();
    await using deadlocks = await storm('frozen', { rate: 0.1 }, clock);
    await within('more than a lease', async () => Date.now() - begin > 5000);
    expect(await Promise.race([deadlocks.liftedByOthers, never])).toBe(never);
    freeze();
    expect(await deadlocks.liftedByOthers).toBe('lease');
  });

  test('is refused beforehand where there can be none, and nothing is touched', {
    concurrent: false,
  }, async () => {
    await expect(ask({ relation: 'no_orders' })).rejects.toThrow('cannot be');
    await expect(ask({ relation: 'loose' })).rejects.toThrow('no primary key');
    await expect(ask({ where: { line: 'L2' } })).rejects.toThrow('needs two rows');
    await expect(ask({ where: { colour: 'red' } })).rejects.toThrow('colour');
    await place.query(
      kind === 'postgres' ? `CREATE USER reader PASSWORD 'pw'` : `CREATE USER reader IDENTIFIED BY 'pw'`,
    );
    await place.query('GRANT SELECT ON orders TO reader');
    const theirs = { targets: place.targets, target: place.targetOf({ name: 'reader', password: 'pw' }) };
    if (kind === 'postgres')
      await expect(demanded(dbDeadlocks, { relation: 'orders' }, theirs)).rejects.toThrow('cannot be locked');
    await place.query(
      kind === 'postgres'
        ? `ALTER DATABASE mes SET deadlock_timeout = '10s'`
        : 'SET GLOBAL innodb_deadlock_detect = OFF',
    );
    await expect(ask({})).rejects.toMatchObject({ mend: expect.stringContaining('Nothing was touched') });
  });

  test.each([{ rate: 0 }, { rate: 11 }, { where: { n: [1] } }, { key: [] }, { rows: 2 }])(
    'does not take %j',
    (wish) => expect(dbDeadlocks.params.safeParse({ relation: 'orders', ...wish }).success).toBe(false),
  );
});
