import pg from 'pg';
import { messageOf, UnavailableError } from './errors.ts';

export interface PostgresSession {
  url: string;
  /** Shown in pg_stat_activity, so that a person can tell whose session this is. */
  applicationName: string;
  connectTimeoutMs?: number;
  /** Server-side limit of one statement. */
  statementTimeoutMs: number;
  /** Server-side limit of waiting for one lock. */
  lockTimeoutMs: number;
  /** Server-side limit of sitting idle inside a transaction. */
  idleInTransactionTimeoutMs?: number;
  /** Client-side limit of one query, for a server that no longer answers at all. */
  queryTimeoutMs?: number;
}

/** The settings of a `pg` client or pool for such a session. */
export function postgresSettings(session: PostgresSession): pg.ClientConfig {
  return {
    connectionString: session.url,
    application_name: session.applicationName,
    connectionTimeoutMillis: session.connectTimeoutMs ?? 3000,
    statement_timeout: session.statementTimeoutMs,
    lock_timeout: session.lockTimeoutMs,
    ...(session.idleInTransactionTimeoutMs === undefined
      ? {}
      : { idle_in_transaction_session_timeout: session.idleInTransactionTimeoutMs }),
    ...(session.queryTimeoutMs === undefined ? {} : { query_timeout: session.queryTimeoutMs }),
    keepAlive: true,
  };
}

/** One connected session. A connection that is lost later only fails the next query: it never ends the process. */
export async function connectPostgres(session: PostgresSession): Promise<pg.Client> {
  const client = new pg.Client(postgresSettings(session));
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw new UnavailableError(
      'postgres.unreachable',
      `PostgreSQL at ${addressOf(session.url)}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  return client;
}

/** Host, port and database of a connection URL, without the password. */
export function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
