import type { Clock } from '../../kit/clock.ts';

/** Some rows of a query, as arrays in the order of its columns. */
export interface RowBatch {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** What one database is asked, about which time point, and with how much patience. */
export interface Question {
  readonly url: string;
  readonly sql: string;
  readonly watermark: number;
  /** The longest wait for one answer: the connection, the first rows, further rows. */
  readonly patienceMs: number;
  /** The longest time of the whole question. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The comparison's connections are called this: neither the MES's own, nor those that a scrape uses. */
export const comparisonApplicationName = 'andon consistency';

/** A wait for a lock is short: whoever holds a table exclusively is about to change it. */
export const longestLockWaitMs = 2000;

/** So many rows are taken at a time: enough to make a round trip worth it, few enough to be no weight. */
export const rowsAtATime = 250;
