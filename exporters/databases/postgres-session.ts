import type { ScrapeRun } from '../collector.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { PostgresStatements } from './postgres-statements.ts';
import { type DatabaseSession, type Row, rowsAtATime } from './session.ts';
import { Turnstile } from './turnstile.ts';

/** A statement of a user may sort a large table before its first row. Runs of a scrape are over sooner. */
const longestFetchMs = 10_000;
/** Longer than whatever may be inside. */
const waitToCloseMs = longestFetchMs + 5000;

/**
 * A session of PostgreSQL. Statements are cancelled by the server itself before the time of their run is over; where the network
 * gives no answer either, the connection is destroyed.
 */
export class PostgresCollectorSession implements DatabaseSession {
  readonly #url: string;
  readonly #turnstile = new Turnstile();
  #statements: PostgresStatements | undefined;
  #cursors = 0;
  #isDisposed = false;

  constructor(url: string) {
    this.#url = url;
  }

  async query<R extends Row = Row>(text: string, run: ScrapeRun): Promise<R[]> {
    return (await this.#inTurn(text, run, (statements) => statements.ask(text, run))) as R[];
  }

  /** Between two batches others get their turn: a long stream starves nobody, and two can be read side by side. */
  async *batches(text: string, run: ScrapeRun): AsyncGenerator<Row[]> {
    this.#cursors += 1;
    const cursor = `andon_${this.#cursors}`;
    const { statements, first } = await this.#inTurn(text, run, async (statements) => {
      await statements.open(cursor, text, run, longestFetchMs);
      return { statements, first: await fetchBatch(statements, cursor, run) };
    });
    const close = () => void this.#close(statements, cursor);
    // Who reads may wait for something else meanwhile: the transaction ends with the run all the same.
    run.signal.addEventListener('abort', close, { once: true });
    try {
      for (let rows = first; ; rows = await this.#next(statements, cursor, run)) {
        if (rows.length > 0) yield rows;
        if (rows.length < rowsAtATime) return;
      }
    } finally {
      run.signal.removeEventListener('abort', close);
      close();
    }
  }

  async #next(statements: PostgresStatements, cursor: string, run: ScrapeRun): Promise<Row[]> {
    using _turn = await this.#turnstile.enter(run.signal, 'FETCH');
    return await fetchBatch(statements, cursor, run);
  }

  /** What was left early; nobody waits for this. */
  async #close(statements: PostgresStatements, cursor: string): Promise<void> {
    if (!statements.isOpen(cursor)) return;
    try {
      using _turn = await this.#turnstile.enter(AbortSignal.timeout(waitToCloseMs), 'CLOSE');
      await statements.close(cursor);
    } catch {
      statements.connection[Symbol.dispose]();
    }
  }

  async #inTurn<T>(
    text: string,
    run: ScrapeRun,
    work: (statements: PostgresStatements) => Promise<T>,
  ): Promise<T> {
    using _turn = await this.#turnstile.enter(run.signal, text);
    return await run.step(firstWords(text), () => this.#connected(run, work));
  }

  /** A connection that was lost since the last scrape is made anew once. */
  async #connected<T>(run: ScrapeRun, work: (statements: PostgresStatements) => Promise<T>): Promise<T> {
    const kept = this.#kept();
    try {
      return await work(kept ?? (await this.#connect(run)));
    } catch (error) {
      const lostSinceLastScrape = kept?.connection.isLost === true && !run.signal.aborted;
      if (!lostSinceLastScrape) throw error;
      return await work(await this.#connect(run));
    }
  }

  #kept(): PostgresStatements | undefined {
    return this.#statements?.connection.isLost === false ? this.#statements : undefined;
  }

  async #connect({ signal }: ScrapeRun): Promise<PostgresStatements> {
    if (this.#isDisposed) throw new Error('the exporter ends');
    const connection = await PostgresConnection.open(this.#url, signal);
    if (this.#isDisposed) connection[Symbol.dispose]();
    this.#statements = new PostgresStatements(connection);
    return this.#statements;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#statements?.connection[Symbol.dispose]();
  }
}

/** The next rows; a cursor that has come to its end, or has failed, is closed in the same turn. */
async function fetchBatch(statements: PostgresStatements, cursor: string, run: ScrapeRun): Promise<Row[]> {
  let isOver = true;
  try {
    const rows = await statements.fetch(cursor, rowsAtATime, run, longestFetchMs);
    isOver = rows.length < rowsAtATime;
    return rows;
  } finally {
    if (isOver) await statements.close(cursor);
  }
}

/** A statement in one short line, for who wants to know what the exporter does. */
export const firstWords = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};
