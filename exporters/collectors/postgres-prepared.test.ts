import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { postgresPrepared } from './postgres-prepared.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const collect = async (url: string) => {
  using collectors = new TestCollectors(postgresPrepared, { targets: { db: { kind: 'postgres', url } } });
  return await collectOnce(collectors.get());
};

it('A prepared transaction is seen as long as nobody finishes it.', async () => {
  const series = 'mes_db_oldest_prepared_transaction_seconds{target="db"}';
  const client = await server.session('forgetful');
  expect((await collect(server.url())).found.get(series)).toBe(0);
  await client.query("BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'forgotten'");
  expect((await collect(server.url())).found.get(series)).toBeGreaterThan(0);
  await client.query("ROLLBACK PREPARED 'forgotten'");
  expect((await collect(server.url())).found.get(series)).toBe(0);
});

it('A database that cannot be asked has no age, and says why.', async () => {
  const { found, failure } = await collect(server.url('nowhere'));
  expect(found.size).toBe(0);
  expect(failure).toMatch(/: database "nowhere" does not exist$/);
});
