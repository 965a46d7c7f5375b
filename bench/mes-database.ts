import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { createExporterRole } from '../exporters/testing/postgres-role.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';

/** A PostgreSQL with the tables of a MES and the roles that a measurement needs. */
export interface PreparedServer extends AsyncDisposable {
  readonly postgres: TestPostgres;
  /** The MES database, as its superuser. */
  readonly url: string;
  /** As the role that the exporter's document makes, with reserved connections. */
  readonly exporterUrl: string;
  /** As a role without any privilege. */
  readonly clerkUrl: string;
}

export async function startPreparedServer(): Promise<PreparedServer> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startTestPostgres(['max_connections=260']));
  const url = await postgres.database('mes');
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(
    await readFile(new URL('../exporters/testing/mes-database.sql', import.meta.url), 'utf8'),
  );
  const exporterUrl = await createExporterRole(admin, url);
  await admin.query("CREATE ROLE clerk LOGIN PASSWORD 'test'");
  await admin.end();
  // Reserved connections need a restart.
  await postgres.crash();
  await postgres.start();
  const owned = stack.move();
  const clerkUrl = url.replace('postgres:test@', 'clerk:test@');
  return { postgres, url, exporterUrl, clerkUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Holds ACCESS EXCLUSIVE on every table of the MES but its work orders, until it is disposed. */
export async function holdTables(url: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: url, application_name: 'forgotten transaction' });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE transitions, outbox, devices IN ACCESS EXCLUSIVE MODE');
  return { [Symbol.asyncDispose]: () => client.end() };
}
