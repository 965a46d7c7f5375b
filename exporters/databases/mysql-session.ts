import type { ScrapeRun } from '../collector.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { MysqlStream } from './mysql-stream.ts';
import { firstWords } from './postgres-session.ts';
import { type DatabaseSession, type Row, rowsAtATime, statementBudgetMs } from './session.ts';
import { Turnstile } from './turnstile.ts';

/**
 * A session of MySQL or MariaDB. Statements are ended by the server itself before the time of their run is over; where the network
 * gives no answer either, the connection is destroyed.
 *
 * A connection of MySQL is busy until the last row of a result has been taken. So a stream longer than one batch takes the
 * connection along, and whoever comes meanwhile gets a new one: a long stream starves nobody, and two can be read side by side.
 */
export class MysqlCollectorSession implements DatabaseSession {
  readonly #url: string;
  readonly #turnstile = new Turnstile();
  readonly #streaming = new Set<MysqlConnection>();
  #connection: MysqlConnection | undefined;
  #isDisposed = false;

  constructor(url: string) {
    this.#url = url;
  }

  async query<R extends Row = Row>(text: string, run: ScrapeRun): Promise<R[]> {
    const ask = (connection: MysqlConnection) => connection.query(text, statementBudgetMs(run), run.signal);
    return (await this.#inTurn(text, run, ask)) as R[];
  }

  async *batches(text: string, run: ScrapeRun): AsyncGenerator<Row[]> {
    const { stream, first } = await this.#inTurn(text, run, (connection) =>
      this.#begin(connection, text, run),
    );
    const stop = () => stream[Symbol.dispose]();
    // Who reads may wait for something else meanwhile: the stream ends with the run all the same.
    run.signal.addEventListener('abort', stop, { once: true });
    try {
      for (let rows = first; ; rows = await stream.next(run)) {
        if (rows.length > 0) yield rows;
        if (rows.length < rowsAtATime) return;
      }
    } finally {
      run.signal.removeEventListener('abort', stop);
      stop();
      this.#giveBack(stream.connection);
    }
  }

  async #begin(connection: MysqlConnection, text: string, run: ScrapeRun) {
    const stream = await MysqlStream.open(connection, text, run);
    const first = await stream.next(run);
    if (!stream.isOver) {
      this.#streaming.add(connection);
      this.#connection = undefined;
    }
    return { stream, first };
  }

  /** The connection that a long stream has used is kept when none has taken its place. */
  #giveBack(connection: MysqlConnection): void {
    if (!this.#streaming.delete(connection)) return;
    if (this.#kept() === undefined && !connection.isLost) this.#connection = connection;
    else connection[Symbol.dispose]();
  }

  async #inTurn<T>(
    text: string,
    run: ScrapeRun,
    work: (connection: MysqlConnection) => Promise<T>,
  ): Promise<T> {
    using _turn = await this.#turnstile.enter(run.signal, text);
    return await run.step(firstWords(text), () => this.#connected(run, work));
  }

  /** A connection that was lost since the last scrape is made anew once. */
  async #connected<T>(run: ScrapeRun, work: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    const kept = this.#kept();
    try {
      return await work(kept ?? (await this.#connect(run)));
    } catch (error) {
      const lostSinceLastScrape = kept?.isLost === true && !run.signal.aborted;
      if (!lostSinceLastScrape) throw error;
      return await work(await this.#connect(run));
    }
  }

  #kept(): MysqlConnection | undefined {
    return this.#connection?.isLost === false ? this.#connection : undefined;
  }

  async #connect({ signal }: ScrapeRun): Promise<MysqlConnection> {
    const connection = await MysqlConnection.open(this.#url, signal);
    if (this.#isDisposed) connection[Symbol.dispose]();
    this.#connection = connection;
    return connection;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const connection of this.#streaming) connection[Symbol.dispose]();
    this.#connection?.[Symbol.dispose]();
  }
}
