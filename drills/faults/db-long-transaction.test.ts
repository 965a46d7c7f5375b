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
import { dbLongTransaction } from './db-long-transaction.ts';

const never = Symbol('nobody else');

/** How many versions of deleted rows the server keeps for somebody. */
const kept = {
  postgres: async (place: DatabasePlace): Promise<number> => {
    await using client = await place.client();
    const [row] = await client.query(
      `SELECT count(*)::int AS kept FROM heap_page_items(get_raw_page('changed', 0)) WHERE t_xmax::text <> '0'`,
    );
    return Number(row?.kept);
  },
  mysql: async (place: DatabasePlace): Promise<number> => {
    const [row] = await place.query(`SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'`);
    return Number(row?.Value);
  },
};

describe.concurrent.each(databaseKinds)('A long transaction on %s', (kind) => {
  let place: DatabasePlace;

  beforeAll(async () => {
    place = await startDatabase(kind);
    await place.query('CREATE TABLE changed (id int PRIMARY KEY, n int)');
    await place.query('INSERT INTO changed VALUES (1, 0)');
  });
  afterAll(() => place?.[Symbol.asyncDispose]());

  const undo = (run: string) => dbLongTransaction.plan({}, place.target, run, 1).undo;
  const open = (run: string, ...rest: [] | [ReturnType<typeof freezable>['clock']]) =>
    injected(dbLongTransaction, {}, place, run, ...rest);

  test('is the oldest of all, keeps old row versions, locks nothing, and takes nothing with it when it goes', {
    concurrent: false,
  }, async () => {
    await demanded(dbLongTransaction, {}, place);
    await using transaction = await open('oldest');
    for (let n = 1; n <= 20; n++) await place.query(`UPDATE changed SET n = ${n}`);
    await within('that it is the oldest', async () => (await transaction.touched()) === 1);
    expect(await keptVersions(), 'old versions').toBeGreaterThanOrEqual(20);
    expect((await transaction.residue()).length).toBe(2);
    await transaction[Symbol.asyncDispose]();
    expect(await transaction.residue()).toEqual([]);
    expect(await Promise.race([transaction.liftedByOthers, never])).toBe(never);
    await within('that they are cleared away', async () => (await keptVersions()) < 20);
    expect(await place.query('SELECT n FROM changed')).toEqual([{ n: 20 }]);
  });

  test('behind an older one touches nothing', { concurrent: false }, async () => {
    await using elder = await place.client();
    await elder.query('START TRANSACTION');
    await elder.query('SELECT * FROM changed');
    // MySQL tells the start of a transaction to the second.
    if (kind === 'mysql') await elder.query('DO SLEEP(1)');
    await using transaction = await open('younger');
    expect(await transaction.touched()).toBe(0);
    await elder.query('ROLLBACK');
    await within('that it is the oldest now', async () => (await transaction.touched()) === 1);
  });

  test('is ended by its undo, twice if need be', async () => {
    await using transaction = await open('undone');
    for (const _ of [1, 2]) await revert(undo('undone'), { ...place, fetch }, AbortSignal.timeout(10_000));
    expect(await transaction.liftedByOthers).toBe('runbook');
    expect(await transaction.residue()).toEqual([]);
  });

  test('outlives its lease while there are signs of life, and is ended by the server when they stop', async () => {
    const { clock, freeze } = freezable();
    const begin = Date.now();
    await using transaction = await open('frozen', clock);
    await within('more than a lease', async () => Date.now() - begin > 5000);
    freeze();
    expect(await transaction.liftedByOthers).toBe('lease');
  });

  test('is refused beforehand to who could not see it', async () => {
    const worker = { name: 'worker', password: 'pw' };
    await place.query(
      `CREATE USER worker ${kind === 'postgres' ? '' : 'IDENTIFIED BY'} ${kind === 'postgres' ? "PASSWORD 'pw'" : "'pw'"}`,
    );
    if (kind === 'mysql') await place.query('GRANT SELECT ON mes.* TO worker');
    const theirs = { targets: place.targets, target: place.targetOf(worker) };
    await using _somebody = await place.client();
    await expect(demanded(dbLongTransaction, {}, theirs)).rejects.toMatchObject({
      code: 'db.rights',
      mend: expect.stringContaining('Nothing was touched'),
    });
  });

  test('that the server ends in a crash is over, and its undo finds nothing to do', {
    concurrent: false,
  }, async () => {
    await using transaction = await open('crashed');
    await place.crash();
    expect(await transaction.liftedByOthers).toBe('server');
    await revert(undo('crashed'), { ...place, fetch }, AbortSignal.timeout(10_000));
    await place.start();
    expect(await transaction.residue()).toEqual([]);
  });

  /** After the clean-up that the server would do by itself. */
  async function keptVersions(): Promise<number> {
    if (kind === 'mysql') return kept.mysql(place);
    await using client = await place.client();
    await client.query('CREATE EXTENSION IF NOT EXISTS pageinspect');
    await client.query('VACUUM changed');
    return kept.postgres(place);
  }
});
