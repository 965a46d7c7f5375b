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

/** A wait for a lock so short that nobody queues behind the exporter. */
export const lockTimeoutMs = 250;

/** What the server may spend on one statement: less than what is left of the run, so that it ends first. */
export const statementBudgetMs = (run: ScrapeRun): number =>
  Math.max(50, Math.min(2000, run.remainingMs() - 150));

/** Lets one in at a time, in the order in which they came. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when it is the caller's turn, with what ends it. Throws when the signal aborts first. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(new Error('the database was still busy with another collector'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await Promise.race([before, aborted.promise]);
      return { [Symbol.dispose]: resolve };
    } catch (error) {
      resolve();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}
