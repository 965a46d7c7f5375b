import type { ScrapeRun } from '../collector.ts';

/** A row as the driver gives it. */
export type Row = Record<string, unknown>;

/**
 * One connection to a database for the collectors of one target, kept between scrapes and made anew when it is lost. It runs
 * one statement at a time: who comes while one is under way waits for its turn, within the time of its own run.
 */
export interface DatabaseSession extends Disposable {
  /** All rows of one statement. The server cancels it before the time of the run is over. */
  query<R extends Row = Row>(text: string, run: ScrapeRun): Promise<R[]>;
  /** The rows of one statement as they come, so many at a time, in a read-only transaction: for statements of a user. */
  batches(text: string, run: ScrapeRun): AsyncIterable<Row[]>;
}

/** Every session of the exporter is called this, so that it can leave itself out of what it counts. */
export const exporterApplicationName = 'andon exporter';

/** So many rows are taken at a time: between two batches others get their turn. */
export const rowsAtATime = 2000;

/** A wait for a lock so short that nobody queues behind the exporter, and a locked table costs a scrape little. */
export const lockTimeoutMs = 100;

/** The most that the server may spend on one statement of a scrape: what waits behind it still has time left. */
const longestStatementMs = 2000;
/** For the way there and back, so that the server gives up before the exporter does. */
const onTheWayMs = 150;
const shortestStatementMs = 10;

/**
 * What the server may spend on one statement: always less than what is left of the run, so that it ends first and nothing of the
 * exporter is left running there. Throws when too little is left to begin.
 */
export function statementBudgetMs(run: ScrapeRun, longestMs = longestStatementMs): number {
  const left = run.remainingMs();
  const budgetMs = Math.floor(Math.min(longestMs, left - Math.min(onTheWayMs, left / 3)));
  if (budgetMs < shortestStatementMs) throw new Error('no time was left to ask the database');
  return budgetMs;
}
