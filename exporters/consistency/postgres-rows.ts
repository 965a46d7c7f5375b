import { Socket } from 'node:net';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { postgresSettings } from '../../kit/postgres.ts';
import { Patience } from './patience.ts';
import {
  comparisonApplicationName,
  longestLockWaitMs,
  type Question,
  type RowBatch,
  rowsAtATime,
} from './question.ts';
import { forPostgres, needsLocalTime } from './watermark.ts';

// Whoever asked may go without a goodbye. A server that can (PostgreSQL 14 and later) then ends the statement within a second, and
// every server gives up within a minute a connection whose other end is out of reach, instead of after two hours.
const noticeOurEnd = `
SELECT set_config(name, value, false)
FROM (VALUES ('client_connection_check_interval', '1s'), ('tcp_keepalives_idle', '30'),
  ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) AS wanted(name, value)
WHERE current_setting(name, true) IS NOT NULL`;

const clockQuery = 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now';

type Columns = string[];
type TextRow = (string | null)[];

/** The rows of a query on PostgreSQL, every value as the text that the server writes. */
export async function* postgresRows(question: Question): AsyncGenerator<RowBatch> {
  const socket = new Socket();
  const client = new pg.Client({ ...settingsOf(question), stream: () => socket });
  client.on('error', () => {}); // It also fails the read under way.
  const { signal, patienceMs: ms } = question;
  const patience = new Patience({ ms, signal, giveUp: () => socket.destroy() });
  try {
    await patience.for(() => client.connect());
    const cursor = await patience.for(() => begin(client, question));
    for (;;) {
      const batch = await patience.for(() => read(cursor));
      if (batch.rows.length > 0) yield batch;
      if (batch.rows.length < rowsAtATime) break;
    }
    await patience.for(() => client.end());
  } finally {
    socket.destroy();
  }
}

const settingsOf = ({ url, patienceMs, limitMs }: Question): pg.ClientConfig => ({
  ...postgresSettings({
    url,
    applicationName: comparisonApplicationName,
    statementTimeoutMs: patienceMs,
    lockTimeoutMs: Math.min(longestLockWaitMs, patienceMs),
    // Between two reads it is idle as long as the slowest of the systems takes.
    idleInTransactionTimeoutMs: limitMs,
  }),
  types: { getTypeParser: () => (text: string) => text },
});

async function begin(client: pg.Client, question: Question): Promise<Cursor<TextRow>> {
  await client.query(noticeOurEnd);
  const local_watermark = question.watermark + (await clockOffset(client, question));
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { text, values } = forPostgres(question.sql, { watermark: question.watermark, local_watermark });
  return client.query(new Cursor<TextRow>(text, values, { rowMode: 'array' }));
}

/** How far the database's clock is ahead of ours, by half the way there and back. */
async function clockOffset(client: pg.Client, { sql, clock }: Question): Promise<number> {
  if (!needsLocalTime(sql)) return 0;
  const before = clock.now();
  const { rows } = await client.query<{ now: string }>(clockQuery);
  return Number(rows[0]?.now) - (before + clock.now()) / 2;
}

const read = (cursor: Cursor<TextRow>): Promise<RowBatch> =>
  new Promise((resolve, reject) => {
    cursor.read(rowsAtATime, (error, rows, result) => {
      if (error) reject(error);
      else resolve({ columns: namesOf(result), rows });
    });
  });

/** A cursor that has come to its end gives no result with its empty last batch. */
const namesOf = (result: pg.QueryResult | undefined): Columns => result?.fields.map(({ name }) => name) ?? [];
