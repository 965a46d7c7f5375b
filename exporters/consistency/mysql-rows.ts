import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import mysql from 'mysql2';
import { mysqlSettings } from '../../kit/mysql.ts';
import { Patience } from './patience.ts';
import {
  comparisonApplicationName,
  longestLockWaitMs,
  type Question,
  type RowBatch,
  rowsAtATime,
} from './question.ts';
import { forMysql, needsLocalTime } from './watermark.ts';

type Connection = mysql.Connection;

const about = `SELECT @@version LIKE '%MariaDB%' AS mariadb, UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS now`;

/** The rows of a query on MySQL or MariaDB, in the session time zone UTC; exact numbers come as text. */
export async function* mysqlRows(question: Question): AsyncGenerator<RowBatch> {
  const socket = new Socket();
  const { signal, patienceMs: ms, url } = question;
  const patience = new Patience({ ms, signal, giveUp: () => socket.destroy() });
  signal.throwIfAborted();
  const connection = mysql.createConnection(
    mysqlSettings({ url, applicationName: comparisonApplicationName, socket }),
  );
  connection.on('error', () => {}); // It also fails what is under way, but for a stream.
  try {
    const text = await patience.for(() => begin(connection, question));
    const { stream, columns } = ask(connection, text);
    for (;;) {
      const rows = await patience.for(() => take(stream));
      if (rows.length > 0) yield { columns: columns(), rows };
      if (rows.length < rowsAtATime) break;
    }
    await patience.for(() => connection.promise().end());
  } finally {
    socket.destroy();
    connection.destroy();
  }
}

/** Sets the session up and begins the snapshot; returns the query with the time points in it. */
async function begin(connection: Connection, question: Question): Promise<string> {
  const session = connection.promise();
  const before = question.clock.now();
  const [rows] = await session.query<mysql.RowDataPacket[]>(about);
  const { mariadb, now } = rows[0] as { mariadb: number; now: string };
  const offset = needsLocalTime(question.sql) ? Number(now) - (before + question.clock.now()) / 2 : 0;
  await session.query(`SET SESSION ${settingsOf(question, mariadb === 1).join(', ')}`);
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  const { watermark } = question;
  return forMysql(question.sql, { watermark, local_watermark: watermark + offset });
}

function settingsOf({ limitMs }: Question, mariadb: boolean): string[] {
  const seconds = Math.ceil(limitMs / 1000);
  return [
    // Of the whole statement, its last row included. MariaDB takes seconds, MySQL milliseconds.
    mariadb ? `max_statement_time = ${seconds}` : `max_execution_time = ${limitMs}`,
    `lock_wait_timeout = ${Math.ceil(longestLockWaitMs / 1000)}`,
    // While the slowest of the systems is waited for, nothing is read.
    `net_write_timeout = ${Math.max(60, seconds)}`,
    "time_zone = '+00:00'",
  ];
}

interface Answer {
  stream: Readable;
  columns: () => string[];
}

function ask(connection: Connection, sql: string): Answer {
  let columns: string[] = [];
  const query = connection.query({ sql, rowsAsArray: true });
  query.on('fields', (fields: mysql.FieldPacket[]) => {
    columns = fields.map(({ name }) => name);
  });
  const stream = query.stream({ highWaterMark: rowsAtATime });
  stream.on('error', () => {}); // It fails the read under way, or the next one.
  connection.on('error', (error) => stream.destroy(error));
  return { stream, columns: () => columns };
}

/** So many rows as make a batch; fewer only at the end. */
async function take(stream: Readable): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  while (rows.length < rowsAtATime) {
    if (stream.errored) throw stream.errored;
    const row = stream.read() as unknown[] | null;
    if (row !== null) rows.push(row);
    else if (stream.readableEnded) break;
    // Never taken for the end: what is cut off would look like records that the system does not hold.
    else if (stream.destroyed) throw new Error('the connection was lost in the middle of the answer');
    else await moreOf(stream);
  }
  return rows;
}

/** Waits until there is something to read, or nothing more. */
async function moreOf(stream: Readable): Promise<void> {
  const waiting = new AbortController();
  const event = (name: string) => once(stream, name, { signal: waiting.signal });
  try {
    await Promise.race([event('readable'), event('end'), event('close')]);
  } finally {
    waiting.abort();
  }
}
