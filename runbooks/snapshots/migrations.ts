import { existsSync } from 'node:fs';
import path from 'node:path';
import type { RowDataPacket } from 'mysql2';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
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
    // A named statement goes by the extended protocol, which takes one statement only.
    const { rows } = await client.query<unknown[]>({
      name: 'applied',
      text: applied,
      rowMode: 'array',
    } as never);
    return rows.map((row) => String(row[0]));
  } finally {
    await client.end().catch(() => {});
  }
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

/** Why the settings of a snapshot do not fit the tables as they are now, and what to do; undefined where they fit. Pure, but for `hasDown`. */
export function whyTablesDoNotFit(
  then: Manifest['migrations'],
  now: Manifest['migrations'],
  hasDown: (migration: string) => boolean,
): { problem: string; mend: string } | undefined {
  if (!now) return undefined;
  if (!then)
    return {
      problem: `the snapshot does not say which migrations ${now.target} had`,
      mend: 'Compare them by hand, or choose a snapshot that was taken since the set has a database.',
    };
  const since = now.applied.filter((migration) => !then.applied.includes(migration));
  const missing = then.applied.filter((migration) => !now.applied.includes(migration));
  if (missing.length > 0)
    return {
      problem: `${now.target} no longer has the migrations ${missing.join(', ')}, which the snapshot counts on`,
      mend: 'Apply them, then try again.',
    };
  if (since.length === 0) return undefined;
  const without = since.filter((migration) => !hasDown(migration));
  const problem = `${now.target} has got the migrations ${since.join(', ')} since the snapshot`;
  if (without.length > 0)
    return {
      problem: `${problem}, and there is no way back from ${without.join(', ')}`,
      mend: `Mend forward, or bring the database back from a backup; or write ${without.map((migration) => `${migration}.sql`).join(', ')} into the folder of down steps and carry them out.`,
    };
  return {
    problem: `${problem}; a rollback never takes them back by itself`,
    mend: `Stop what writes, carry out the down steps, newest first, each in a transaction: ${since
      .toReversed()
      .map((migration) => `${migration}.sql`)
      .join(', ')}; then try again.`,
  };
}

/** Throws unless the tables are those that the snapshot's settings are for. */
export function demandFittingTables(set: SnapshotSet, wanted: Manifest, now: Manifest['migrations']): void {
  const hasDown = (migration: string) =>
    // It comes from a database and becomes part of a path.
    /^\w[\w.+ -]*$/.test(migration) && existsSync(path.join(set.database?.down ?? '', `${migration}.sql`));
  const found = whyTablesDoNotFit(wanted.migrations, now, hasDown);
  if (found)
    throw new UnavailableError('snapshot.migrations', `rollback of "${set.name}" refused: ${found.problem}`, {
      mend: `${found.mend} Nothing was changed.`,
    });
}
