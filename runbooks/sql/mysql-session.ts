import { Socket } from 'node:net';
import type { Connection, ResultSetHeader } from 'mysql2';
import { openMysql } from '../../kit/mysql.ts';
import { RowCounter } from './row-counter.ts';
import type { SqlAnswer, SqlLimits, SqlSession, SqlValue } from './session.ts';

/** "Some non-transactional changed tables couldn't be rolled back". */
const notRolledBack = 1196;
/** The server has chosen this transaction as the victim of a deadlock, and rolled it back. */
const deadlock = 1213;

/** A session for one transaction on MySQL or MariaDB. */
export async function openMysqlSession(
  url: string,
  limits: SqlLimits,
  signal: AbortSignal,
): Promise<SqlSession> {
  signal.throwIfAborted();
  const socket = new Socket();
  const destroy = () => void socket.destroy(new Error('was stopped'));
  signal.addEventListener('abort', destroy, { once: true });
  try {
    const connection = await openMysql({ url, applicationName: limits.applicationName, socket });
    await limit(connection, limits);
    return sessionOver(connection, () => signal.removeEventListener('abort', destroy));
  } catch (error) {
    signal.removeEventListener('abort', destroy);
    socket.destroy();
    throw error;
  }
}

function sessionOver(connection: Connection, done: () => void): SqlSession {
  const query = (text: string) => connection.promise().query(text);
  let ranUnknown = false;
  return {
    begin: async (access) =>
      void (await query(access === 'read' ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION')),
    async run(text, values) {
      try {
        return await runOne(connection, text, values);
      } catch (error) {
        // Without an answer nobody knows whether a table without transactions was changed.
        ranUnknown = !saidByServer(error);
        throw error;
      }
    },
    commit: async () => void (await query('COMMIT')),
    async rollback() {
      await query('ROLLBACK');
      const [warnings] = await query('SHOW WARNINGS');
      return !(warnings as { Code: number }[]).some(({ Code }) => Code === notRolledBack);
    },
    changedNothing: (error, during) =>
      during === 'run' ? !ranUnknown : (error as { errno?: number }).errno === deadlock,
    async [Symbol.asyncDispose]() {
      done();
      connection.destroy();
    },
  };
}

const saidByServer = (error: unknown): boolean =>
  error instanceof Error && 'sqlState' in error && (error as { fatal?: boolean }).fatal !== true;

/** MariaDB counts seconds and limits every statement; MySQL counts milliseconds and limits those that read. */
async function limit(
  connection: Connection,
  { statementTimeoutMs, lockTimeoutMs }: SqlLimits,
): Promise<void> {
  const session = connection.promise();
  const [rows] = await session.query('SELECT VERSION() AS version');
  const isMariadb = /mariadb/i.test((rows as { version: string }[])[0]?.version ?? '');
  const seconds = Math.max(1, Math.ceil(lockTimeoutMs / 1000));
  await session.query('SET SESSION lock_wait_timeout = ?, innodb_lock_wait_timeout = ?', [seconds, seconds]);
  await session.query(
    isMariadb ? 'SET SESSION max_statement_time = ?' : 'SET SESSION max_execution_time = ?',
    [isMariadb ? statementTimeoutMs / 1000 : statementTimeoutMs],
  );
}

/** A prepared statement is one statement; and values are sent beside it. */
function runOne(connection: Connection, text: string, values: readonly SqlValue[]): Promise<SqlAnswer> {
  const rows = new RowCounter();
  let columns: string[] = [];
  let changed: number | undefined;
  return new Promise((resolve, reject) => {
    const options = { sql: text, values: [...values], rowsAsArray: true, dateStrings: true };
    const command = connection.execute(options);
    command.on('error', reject);
    // A connection that is lost says so itself, and not by the command under way.
    connection.once('error', reject);
    command.on('fields', (fields: { name: string }[] | undefined) => {
      columns = fields?.map(({ name }) => name) ?? [];
    });
    command.on('result', (row: unknown[] | ResultSetHeader) => {
      try {
        if (Array.isArray(row)) rows.add(row);
        else changed = row.affectedRows;
      } catch (error) {
        reject(error);
        connection.destroy();
      }
    });
    command.on('end', () => resolve(rows.answer(columns, changed)));
  });
}
