import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { type PausableProxy, startPausableProxy } from '../testing/pausable-proxy.ts';
import { query } from '../testing/query.ts';
import { brokenConstraint, type Database, isRefusedStatement, openDatabase } from './database.ts';

let postgres: TestPostgres;
let direct: string;
let proxy: PausableProxy;
let through: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  direct = await postgres.database('pool');
  proxy = await startPausableProxy(Number(new URL(direct).port));
  through = direct.replace(/:\d+\//, `:${proxy.port}/`);
  await query(direct, 'CREATE TABLE notes (id int PRIMARY KEY)');
});
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const open = (max: number, times: { query?: number; acquire?: number } = {}): Database =>
  openDatabase(
    'test',
    {
      database: through,
      acquire_timeout_ms: times.acquire ?? 10_000,
      statement_timeout_ms: 30_000,
      query_timeout_ms: times.query ?? 31_000,
    },
    max,
    max,
  );
const note = (database: Database, id: number) =>
  database.run((session) => session.query({ name: 'note', text: 'INSERT INTO notes VALUES ($1)' }, [id]));
const notes = async () =>
  (await query<{ id: number }>(direct, 'SELECT id FROM notes ORDER BY id')).map(({ id }) => id);

describe('The pool', () => {
  it('carries out what waited in a cut network when it heals.', async () => {
    await using database = open(2);
    await database.warmUp();
    proxy.cut();
    const waiting = note(database, 1);
    expect(await notes()).toEqual([]);
    proxy.heal();
    await waiting;
    expect(await notes()).toEqual([1]);
  });

  /** Whether the row is there. An answer may come later than its limit though the row is in: then the next attempt meets it. */
  const isNoted = (database: Database, id: number) =>
    note(database, id).then(
      () => true,
      (error: unknown) => brokenConstraint(error) === 'notes_pkey',
    );

  it('gives up on a connection that stays silent, throws it away, and recovers by itself.', async () => {
    await using database = open(2, { query: 200 });
    await database.warmUp();
    expect(database.usage()).toEqual({ total: 2, idle: 2, waiting: 0, max: 2 });
    proxy.cut();
    await expect(note(database, 2)).rejects.toThrow('Query read timeout');
    expect(database.usage().total).toBe(1);
    await expect(note(database, 3)).rejects.toMatchObject({ code: 'database.gone' });
    proxy.heal();
    await waitFor(() => isNoted(database, 4), { what: 'the pool', timeoutMs: 20_000 });
    expect(await notes()).toContain(4);
  });

  it('says in time that it has no connection to give.', async () => {
    // Its first connection has no longer than that to be opened.
    await using database = open(1, { acquire: 2000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const holder = database.run(() => promise);
    await waitFor(() => database.usage().total === 1 && database.usage().idle === 0, {
      what: 'it',
      timeoutMs: 20_000,
      everyMs: 5,
    });
    await expect(note(database, 5)).rejects.toMatchObject({ code: 'database.no-connection' });
    resolve();
    await holder;
    await note(database, 6);
  });

  it('keeps a connection on which the server refused a statement, and tells that from one that is gone.', async () => {
    await using database = open(1);
    await note(database, 7);
    const refused = await note(database, 7).catch((error: unknown) => error);
    expect(isRefusedStatement(refused)).toBe(true);
    expect(brokenConstraint(refused)).toBe('notes_pkey');
    expect(database.usage()).toMatchObject({ total: 1, idle: 1 });
  });

  it('survives that its sessions are terminated, whether they work or rest.', async () => {
    await using database = open(2);
    await database.warmUp();
    const work = database.run((session) => session.query({ name: 'nap', text: 'SELECT pg_sleep(60)' }, []));
    const failed = expect(work).rejects.toThrow();
    const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test'";
    await waitFor(
      async () =>
        (await query(direct, "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'")).length > 0,
      { what: 'the nap', timeoutMs: 20_000 },
    );
    await query(direct, kill);
    await failed;
    await waitFor(() => note(database, 8).then(() => true), { what: 'the pool', timeoutMs: 20_000 });
  });

  it('ends at once, even while a query hangs in a cut network.', async () => {
    const database = open(2);
    await database.warmUp();
    proxy.cut();
    const hung = expect(note(database, 9)).rejects.toThrow();
    await database[Symbol.asyncDispose]();
    await hung;
    proxy.heal();
  });
});
