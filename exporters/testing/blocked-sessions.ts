import pg from 'pg';
import { waitFor } from '../../kit/wait.ts';

/** A transaction that holds ACCESS EXCLUSIVE on a table, and so many sessions that wait for it. Disposing lets all go. */
export async function blockSessions(url: string, table: string, count: number): Promise<AsyncDisposable> {
  const connect = async (applicationName: string) => {
    const client = new pg.Client({ connectionString: url, application_name: applicationName });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const holder = await connect('forgotten transaction');
  await holder.query(`BEGIN; LOCK TABLE ${pg.escapeIdentifier(table)} IN ACCESS EXCLUSIVE MODE`);
  const waiters = await Promise.all(Array.from({ length: count }, () => connect('terminal')));
  const waits = waiters.map((client) => client.query(`SELECT count(*) FROM ${pg.escapeIdentifier(table)}`));
  const blocked = `SELECT count(*)::int AS n FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND application_name = 'terminal'`;
  await waitFor(async () => (await holder.query<{ n: number }>(blocked)).rows[0]?.n === count, {
    what: `${count} blocked sessions`,
    timeoutMs: 30_000,
  });
  return {
    async [Symbol.asyncDispose]() {
      await holder.query('ROLLBACK');
      await Promise.all(waits);
      await Promise.all([holder, ...waiters].map((client) => client.end()));
    },
  };
}
