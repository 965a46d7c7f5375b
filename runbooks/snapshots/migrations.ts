import type { RowDataPacket } from 'mysql2';
import type pg from 'pg';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { type DownStep, downStep } from './down-steps.ts';
import type { Manifest } from './manifest.ts';
import type { MigrationGuard, SnapshotSet } from './set.ts';

/** A table of migrations has some hundred rows. */
const limits = { statementTimeoutMs: 5000, lockTimeoutMs: 1000, queryTimeoutMs: 6000 };
const applicationName = 'andon-snapshot';

/** The migrations that a set's database has; undefined where the set has none. */
export async function appliedMigrations({ name, database }: SnapshotSet): Promise<Manifest['migrations']> {
  if (!database) return undefined;
  try {
    const { kind } = database.target;
    const applied = kind === 'postgres' ? await askPostgres(database) : await askMysql(database);
    return { target: database.name, applied };
  } catch (error) {
    throw new UnavailableError(
      'snapshot.database',
      `which migrations ${database.name} has cannot be read: ${messageOf(error)}`,
      {
        mend: `Mend the database or runbooks.snapshots.${name}.database; a person who knows that its tables fit may take that section out. Nothing was changed.`,
        cause: error,
      },
    );
  }
}

async function askPostgres({ target, applied }: MigrationGuard): Promise<string[]> {
  const url = target.admin_url ?? target.url;
  const client = await connectPostgres({ url, applicationName, ...limits });
  try {
    await client.query('SET default_transaction_read_only = on');
    return await appliedOf(client, applied);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The first column of a query. A named statement goes by the extended protocol, which takes one statement only. */
export async function appliedOf(client: pg.Client, applied: string): Promise<string[]> {
  const { rows } = await client.query<unknown[]>({
    name: 'applied',
    text: applied,
    rowMode: 'array',
  } as never);
  return rows.map((row) => String(row[0]));
}

async function askMysql({ target, applied }: MigrationGuard): Promise<string[]> {
  const connection = await connectMysql({ url: target.admin_url ?? target.url, applicationName });
  try {
    await connection.query('SET SESSION TRANSACTION READ ONLY');
    await connection.query('SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1');
    // The driver takes one statement at a time.
    const [rows] = await connection.query<RowDataPacket[][]>({
      sql: applied,
      rowsAsArray: true,
      timeout: limits.queryTimeoutMs,
    });
    return rows.map((row) => String(row[0]));
  } finally {
    connection.destroy();
  }
}

/** What stands between the settings of a snapshot and the tables as they are now. */
interface Misfit {
  problem: string;
  mend: string;
  /** The migrations since, newest first, where each has a step back: what a person may have taken back. */
  since?: readonly string[];
}

/** Why the settings of a snapshot do not fit the tables as they are now, and what to do; undefined where they fit. Pure, but for `hasDown`. */
export function whyTablesDoNotFit(
  then: Manifest['migrations'],
  now: Manifest['migrations'],
  hasDown: (migration: string) => boolean,
): Misfit | undefined {
  if (!now) return undefined;
  if (!then)
    return {
      problem: `the snapshot does not say which migrations ${now.target} had`,
      mend: 'Compare them by hand, or choose a snapshot that was taken since the set has a database.',
    };
  const since = now.applied.filter((migration) => !then.applied.includes(migration)).toReversed();
  const missing = then.applied.filter((migration) => !now.applied.includes(migration));
  if (missing.length > 0)
    return {
      problem: `${now.target} no longer has the migrations ${missing.join(', ')}, which the snapshot counts on`,
      mend: 'Apply them, then try again.',
    };
  if (since.length === 0) return undefined;
  const files = (migrations: readonly string[]) => migrations.map((one) => `${one}.sql`).join(', ');
  const without = since.filter((migration) => !hasDown(migration)).toReversed();
  const problem = `${now.target} has got the migrations ${since.toReversed().join(', ')} since the snapshot`;
  if (without.length > 0)
    return {
      problem: `${problem}, and there is no way back from ${without.join(', ')}`,
      mend: `Mend forward, or bring the database back from a backup; or write ${files(without)} into the folder of down steps.`,
    };
  return {
    problem: `${problem}; a rollback never takes them back by itself`,
    mend: `Stop what writes, and decide whether what was written since may be lost; then carry out the down steps, newest first, each in a transaction: ${files(since)}.`,
    since,
  };
}

/**
 * The steps back to be carried out so that the tables are those that the snapshot's settings are for: none where they fit already.
 * Throws UnavailableError where they do not fit and may not, or cannot, be taken back.
 */
export function demandFittingTables(
  set: SnapshotSet,
  wanted: Manifest,
  now: Manifest['migrations'],
  withMigrations: boolean,
): DownStep[] {
  const { database, name } = set;
  const stepOf = (migration: string) => database && downStep(database, migration);
  const found = whyTablesDoNotFit(wanted.migrations, now, (migration) => stepOf(migration) !== undefined);
  if (!found) return [];
  const isTransactional = database?.target.kind === 'postgres';
  if (withMigrations && found.since && isTransactional)
    return found.since.flatMap((migration) => stepOf(migration) ?? []);
  const orLetUs = isTransactional
    ? ` Andon does that with: andon snapshot rollback ${name} ${wanted.id} --with-migrations.`
    : ' Andon does that on PostgreSQL only, where all of it is one transaction.';
  throw new UnavailableError('snapshot.migrations', `rollback of "${name}" refused: ${found.problem}`, {
    mend: `${found.mend}${found.since ? orLetUs : ''} Nothing was changed.`,
  });
}
