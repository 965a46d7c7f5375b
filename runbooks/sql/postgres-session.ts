import pg from 'pg';
import { connectPostgres } from '../../kit/postgres.ts';
import { RowCounter } from './row-counter.ts';
import type { SqlAnswer, SqlLimits, SqlSession, SqlValue } from './session.ts';
import type { Access } from './statement.ts';

/**
 * A session for one transaction on PostgreSQL. The client has no limit of its own for a query: the signal ends it, and the server
 * ends what it was doing within a second of losing its client (from PostgreSQL 14 on), or at its own limit.
 */
export async function openPostgresSession(
  url: string,
  limits: SqlLimits,
  signal: AbortSignal,
): Promise<SqlSession> {
  signal.throwIfAborted();
  const client = await connectPostgres({ url, ...limits });
  // A query under way is cut off by this, not waited for.
  const destroy = () => void client.end().catch(() => {});
  signal.addEventListener('abort', destroy, { once: true });
  if (signal.aborted) destroy();
  const session: SqlSession = {
    async begin(access: Access) {
      await client.query(`SET client_connection_check_interval = '1s'`).catch(() => {});
      // A transaction of ours, not a default of the session: in a transaction block no COMMIT inside DO or CALL is valid.
      await client.query(access === 'read' ? 'BEGIN TRANSACTION READ ONLY' : 'BEGIN');
    },
    run: (text, values) => runOne(client, text, values),
    commit: async () => void (await client.query('COMMIT')),
    rollback: async () => {
      await client.query('ROLLBACK');
      return true;
    },
    changedNothing: (error, during) => during === 'run' || isRefusedCommit(error),
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', destroy);
      await client.end().catch(() => {});
    },
  };
  return session;
}

function runOne(client: pg.Client, text: string, values: readonly SqlValue[]): Promise<SqlAnswer> {
  const rows = new RowCounter();
  // A named statement goes by the extended protocol, which takes one statement only: no COMMIT; DELETE … can hide.
  const config = { name: 'andon', text, values: [...values], rowMode: 'array' };
  const query = new pg.Query<unknown[]>(config as pg.QueryConfig);
  return new Promise((resolve, reject) => {
    query.on('row', (row) => {
      try {
        rows.add(row);
      } catch (error) {
        reject(error);
        void client.end().catch(() => {});
      }
    });
    query.on('error', reject);
    query.on('end', (result) => {
      const columns = result.fields.map(({ name }) => name);
      resolve(rows.answer(columns, columns.length === 0 ? (result.rowCount ?? 0) : undefined));
    });
    client.query(query);
  });
}

/**
 * Whether the server itself has said that it did not commit: an integrity constraint (class 23) or a transaction rollback (class 40,
 * except "statement completion unknown"). A lost connection says nothing.
 */
const isRefusedCommit = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(23|40)/.test(error.code ?? '') && error.code !== '40003';
