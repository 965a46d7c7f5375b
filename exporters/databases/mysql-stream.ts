import type { Readable } from 'node:stream';
import type { ScrapeRun } from '../collector.ts';
import type { MysqlConnection } from './mysql-connection.ts';
import { type Row, rowsAtATime, statementBudgetMs } from './session.ts';

/** The rows of one statement, a batch at a time. Until it is over the connection can do nothing else: MySQL has no cursors. */
export class MysqlStream implements Disposable {
  readonly connection: MysqlConnection;
  readonly #rows: Readable;
  readonly #iterator: AsyncIterator<Row>;
  #isOver = false;

  private constructor(connection: MysqlConnection, rows: Readable) {
    this.connection = connection;
    this.#rows = rows;
    this.#iterator = rows[Symbol.asyncIterator]();
  }

  /** Begins; the server may work on it until shortly before the run is over. */
  static async open(connection: MysqlConnection, text: string, run: ScrapeRun): Promise<MysqlStream> {
    const limitMs = statementBudgetMs(run, Number.POSITIVE_INFINITY);
    return new MysqlStream(connection, await connection.stream(text, limitMs, run.signal, rowsAtATime));
  }

  /** Whether all rows have been taken, and the connection is free again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next rows; fewer than a batch are the last ones. */
  async next({ signal }: ScrapeRun): Promise<Row[]> {
    const batch: Row[] = [];
    try {
      const isLast = await this.connection.until(signal, () => this.#take(batch));
      if (isLast) await this.#end(signal);
      return batch;
    } catch (error) {
      await this.#end(signal).catch(() => {});
      throw error;
    }
  }

  async #take(batch: Row[]): Promise<boolean> {
    while (batch.length < rowsAtATime) {
      const { done, value } = await this.#iterator.next();
      if (done === true) return this.#reallyEnded();
      batch.push(value);
    }
    return false;
  }

  /** The driver lets a stream that was cut off seem to end. */
  #reallyEnded(): true {
    if (this.#rows.readableEnded) return true;
    throw new Error('the connection was lost in the middle of the answer');
  }

  async #end(signal: AbortSignal): Promise<void> {
    await this.connection.rollback(signal);
    this.#isOver = true;
  }

  /** Rows that nobody has taken would stand in the way of every other statement: the connection goes with them. */
  [Symbol.dispose](): void {
    if (!this.#isOver) this.connection[Symbol.dispose]();
  }
}
