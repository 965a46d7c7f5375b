import type { ScrapeRun } from '../../collector.ts';
import type { DatabaseSession, Row } from '../session.ts';

/** Columns of the questions about locks that are numbers. */
const numbers = ['session', 'seconds', 'is_here', 'is_pending'];

/** The rows of a question about locks. Its numbers are numbers, though an engine may call them DECIMAL, or know none. */
export async function ask<R extends Row>(
  session: DatabaseSession,
  text: string,
  run: ScrapeRun,
): Promise<R[]> {
  const rows = await session.query<R>(text, run);
  const convert = ([name, value]: [string, unknown]) => [
    name,
    numbers.includes(name) ? Number(value) : value,
  ];
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(convert)) as R);
}
