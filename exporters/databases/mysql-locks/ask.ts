import type { ScrapeRun } from '../../collector.ts';
import type { DatabaseSession, Row } from '../session.ts';

/** Whoever can put a question to the server: a session of the exporter, or of a runbook. */
export type Asks = Pick<DatabaseSession, 'query'>;

/** Columns of the questions about locks that are numbers. */
const numbers = ['session', 'seconds', 'is_here', 'is_pending'];

/** The rows of a question about locks. Its numbers are numbers, though an engine may call them DECIMAL, or know none. */
export async function ask<R extends Row>(session: Asks, text: string, run: ScrapeRun): Promise<R[]> {
  const rows = await session.query<R>(text, run);
  const convert = ([name, value]: [string, unknown]) => [
    name,
    numbers.includes(name) ? Number(value) : value,
  ];
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(convert)) as R);
}
