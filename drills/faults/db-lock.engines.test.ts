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
import { dbLock } from './db-lock.ts';

const never = Symbol('nobody else');

describe.concurrent.each(databaseKinds)('A lock on %s', (kind) => {
  let place: DatabasePlace;

  beforeAll(async () => {
    place = await startDatabase(kind);
  });
  afterAll(() => place?.[Symbol.asyncDispose]());

  /** Orders 1 to 4, of which 1 and 2 run, in a table of the run's own. */
  async function orders(table: string): Promise<string> {
    await place.query(`CREATE TABLE ${table} (id int PRIMARY KEY, state varchar(20), note varchar(20))`);
    await place.query(
      `INSERT INTO ${table} VALUES (1, 'running', 'x'), (2, 'running', NULL), (3, 'done', NULL), (4, 'done', NULL)`,
    );
    return table;
  }

  const lock = (relation: string, wish: object = {}, ...rest: [] | [ReturnType<typeof freezable>['clock']]) =>
    injected(dbLock, { relation, ...wish }, place, relation, ...rest);
  const undo = (run: string) =>
    dbLock.plan(dbLock.params.parse({ relation: 'x' }), place.target, run, 1).undo;
  const running = { rows: { where: { state: 'running' } } };

  describe('is taken', () => {
    // Who counts has the server's list of lock waits to himself: InnoDB renews it only when nobody has read it for 0.1 s.
    const alone = { concurrent: false };

    test(
      'on rows: makes those wait who change them, and nobody else, and changes nothing',
      alone,
      async () => {
        const table = await orders('touched_rows');
        await using held = await lock(table, running);
        await place.query(`UPDATE ${table} SET note = 'free' WHERE id = 3`);
        expect(await held.touched(), 'nobody has come for them yet').toBe(0);
        // The second waits behind the first, not for us.
        const waiting = [1, 2, 3].map(() => place.query(`UPDATE ${table} SET note = 'late' WHERE id = 1`));
        await within('three that wait', async () => (await held.touched()) === 3);
        await held[Symbol.asyncDispose]();
        await Promise.all(waiting);
        expect(await held.touched(), 'it is remembered').toBe(3);
        expect(await held.residue()).toEqual([]);
        expect(await Promise.race([held.liftedByOthers, never])).toBe(never);
        expect((await place.query(`SELECT id, state FROM ${table} ORDER BY id`)).map(Object.values)).toEqual([
          [1, 'running'],
          [2, 'running'],
          [3, 'done'],
          [4, 'done'],
        ]);
      },
    );

    test('on rows: takes conditions for values, and no value for NULL', async () => {
      const table = await orders('odd_rows');
      const nothing = { rows: { where: { state: "running' OR TRUE --" } } };
      await expect(lock(table, nothing)).rejects.toThrow('no row is as the drill wants it');
      await expect(demanded(dbLock, { relation: table, ...nothing }, place)).rejects.toThrow('has no row');
      await expect(lock(table, { rows: { where: { 'state = 1 OR "1': 1 } } })).rejects.toThrow(
        'could not be',
      );
      await using _held = await lock(table, { rows: { where: { state: 'running', note: null } } });
      await place.query(`UPDATE ${table} SET note = 'free' WHERE id = 1`);
    });

    test(
      'on a table: makes others wait and counts them once each; its undo ends it, twice if need be',
      alone,
      async () => {
        const table = await orders('touched_table');
        await demanded(dbLock, { relation: table }, place);
        await using held = await lock(table);
        const waiting = [1, 2].map(() => place.query(`SELECT count(*) FROM ${table}`));
        await within('two that wait', async () => (await held.touched()) === 2);
        expect(await held.residue()).toHaveLength(2);
        await revert(undo(table), { ...place, fetch }, AbortSignal.timeout(10_000));
        await revert(undo(table), { ...place, fetch }, AbortSignal.timeout(10_000));
        await Promise.all(waiting);
        expect(await held.liftedByOthers).toBe('runbook');
        expect(await held.residue()).toEqual([]);
        expect(await held.touched()).toBe(2);
      },
    );

    // PostgreSQL's lease is tested beside it, with a table.
    if (kind === 'mysql')
      test(
        'and outlives its lease while there are signs of life, and is ended by the server when they stop',
        alone,
        async () => {
          const table = await orders('leased');
          const { clock, freeze } = freezable();
          const begin = Date.now();
          await using held = await lock(table, running, clock);
          await within('more than a lease', async () => Date.now() - begin > 5000);
          await using client = await place.client();
          const change = client.query(`UPDATE ${table} SET note = 'late' WHERE id = 1`);
          await within('one that waits', async () => (await held.touched()) === 1);
          freeze();
          expect(await held.liftedByOthers).toBe('lease');
          await change;
        },
      );

    test('but when it is not granted in time leaves nothing behind', async () => {
      const table = await orders('taken');
      await using holder = await place.client();
      await holder.query('BEGIN');
      await holder.query(`SELECT * FROM ${table} FOR UPDATE`);
      await expect(lock(table, running)).rejects.toThrow('rows of table taken on mes-db could not be locked');
      await expect(lock('no_orders')).rejects.toThrow(/no_orders.* does ?n.t exist|does not exist/);
      await within('no session', async () => {
        await using held = await lock(await orders('free'));
        return (await held.residue()).length === 2;
      });
    });

    test('but is refused beforehand to who may not have it, and nothing is touched', async () => {
      const table = await orders('guarded');
      const worker = { name: 'worker', password: 'pw' };
      await place.query(
        kind === 'postgres' ? `CREATE USER worker PASSWORD 'pw'` : `CREATE USER worker IDENTIFIED BY 'pw'`,
      );
      const theirs = { targets: place.targets, target: place.targetOf(worker) };
      const ask = (wish: object) => demanded(dbLock, { relation: table, ...wish }, theirs);
      await place.query(`GRANT SELECT ON ${table} TO worker`);
      await expect(ask({})).rejects.toMatchObject({ mend: expect.stringContaining('Nothing was touched') });
      await place.query(
        kind === 'postgres' ? 'GRANT pg_monitor TO worker' : 'GRANT PROCESS ON *.* TO worker',
      );
      await expect(ask({})).rejects.toMatchObject({ code: 'db.rights' });
      await expect(demanded(dbLock, { relation: 'no_orders' }, place)).rejects.toThrow('cannot be locked');
      await expect(demanded(dbLock, { relation: 'no_orders', ...running }, place)).rejects.toThrow(
        'cannot be',
      );
      await place.query(
        kind === 'postgres' ? `GRANT UPDATE ON ${table} TO worker` : 'GRANT LOCK TABLES ON mes.* TO worker',
      );
      await ask({});
      await ask(running);
    });
  });
});
