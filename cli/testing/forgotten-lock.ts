import pg from 'pg';

/** Somebody opens a transaction, locks the work orders and goes to lunch: no drill. Leaving its scope ends the session. */
export async function forgottenLock(url: string): Promise<AsyncDisposable> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'forgotten psql',
  });
  // A runbook ends this session: that is what it is for.
  client.on('error', () => {});
  await client.connect();
  await client.query("SET lock_timeout = '20s'");
  await client.query('BEGIN; LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE');
  return { [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}
