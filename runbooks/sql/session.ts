import { mysqlAddress } from '../../kit/mysql-url.ts';
import { addressOf } from '../../kit/postgres.ts';
import type { Target, TargetOf } from '../../kit/targets.ts';
import { openMysqlSession } from './mysql-session.ts';
import { openPostgresSession } from './postgres-session.ts';
import type { Access } from './statement.ts';

/** The kinds of target that answer SQL. */
export const sqlKinds = ['postgres', 'mysql'] as const;
export type SqlTarget = TargetOf<(typeof sqlKinds)[number]>;

export const isSqlTarget = (target: Target): target is SqlTarget =>
  target.kind === 'postgres' || target.kind === 'mysql';

/** A value for a placeholder of a statement. */
export type SqlValue = string | number | boolean | null;

/** What a statement has answered. */
export interface SqlAnswer {
  columns: readonly string[];
  /** The first rows. */
  rows: readonly (readonly unknown[])[];
  /** How many rows were returned, or changed by a statement that returns none. */
  count: number;
}

/** One connection for one transaction with one statement. It is destroyed when the signal it was opened with aborts. */
export interface SqlSession extends AsyncDisposable {
  begin(access: Access): Promise<void>;
  /** One statement: a second one cannot hide behind a semicolon, and values never become part of it. */
  run(text: string, values: readonly SqlValue[]): Promise<SqlAnswer>;
  commit(): Promise<void>;
  /** Whether everything was taken back: MySQL cannot do it for tables without transactions. */
  rollback(): Promise<boolean>;
  /** Whether this error of `run` or `commit` proves that nothing was changed. */
  changedNothing(error: unknown, during: 'run' | 'commit'): boolean;
}

export interface SqlLimits {
  /** By this name people find the session on the server. */
  applicationName: string;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
}

/** So many rows are kept of an answer. */
export const keptRows = 20;
/** More are not even counted: an answer of millions would fill our memory. */
export const mostRows = 10_000;

export function openSqlSession(
  target: SqlTarget,
  limits: SqlLimits,
  signal: AbortSignal,
): Promise<SqlSession> {
  const url = target.admin_url ?? target.url;
  return target.kind === 'postgres'
    ? openPostgresSession(url, limits, signal)
    : openMysqlSession(url, limits, signal);
}

/** Host, port and database, without the password. */
export function placeOf(target: SqlTarget): string {
  const url = target.admin_url ?? target.url;
  if (target.kind === 'postgres') return addressOf(url);
  const { host, port, database = '' } = mysqlAddress(url);
  return `${host}:${port}/${database}`;
}
