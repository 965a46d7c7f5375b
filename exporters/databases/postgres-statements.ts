import type { ScrapeRun } from '../collector.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { type Row, statementBudgetMs } from './session.ts';

const cleanUpLimitMs = 1000;

/**
 * What can be asked over one connection, and how long the server may spend on it. The limit travels along with each statement, so
 * that it takes no second way and no rollback undoes it.
 *
 * As long as a cursor is open there is a transaction, and every statement has a savepoint in it: others are asked between two
 * batches, and what fails must not take the cursors with it.
 */
export class PostgresStatements {
  readonly connection: PostgresConnection;
  readonly #cursors = new Set<string>();

  constructor(connection: PostgresConnection) {
    this.connection = connection;
  }

  /** The rows of the last statement in the text. */
  async ask(text: string, run: ScrapeRun): Promise<Row[]> {
    if (this.#cursors.size === 0)
      return (await this.connection.send(`${limit(run)};\n${text}`, run.signal)).at(-1) ?? [];
    // Sent before the text: if that cannot be parsed, nothing of the same message is done. And in a transaction the server
    // shows its sessions as they were when it first looked.
    const before = `SAVEPOINT andon; ${limit(run)}; SELECT pg_stat_clear_snapshot()`;
    await this.connection.send(before, run.signal);
    return await this.#beforeRelease(`${text}\n; RELEASE andon`, run);
  }

  /** Opens a cursor for one statement of a user. */
  async open(cursor: string, text: string, run: ScrapeRun, longestMs: number): Promise<void> {
    const begin = this.#cursors.size === 0 ? 'BEGIN; ' : '';
    await this.connection.send(`${begin}SAVEPOINT andon; ${limit(run, longestMs)}`, run.signal);
    this.#cursors.add(cursor);
    try {
      const declare = `DECLARE ${cursor} NO SCROLL CURSOR FOR\n${text}`;
      await this.#orBack(() => this.connection.sendOne(declare, run.signal));
    } catch (error) {
      await this.#forget(cursor);
      throw error;
    }
    await this.#cleanUp('RELEASE andon');
  }

  isOpen(cursor: string): boolean {
    return this.#cursors.has(cursor);
  }

  /** The next rows of a cursor. */
  async fetch(cursor: string, count: number, run: ScrapeRun, longestMs: number): Promise<Row[]> {
    const before = `SAVEPOINT andon; ${limit(run, longestMs)}`;
    return await this.#beforeRelease(`${before}; FETCH ${count} FROM ${cursor}; RELEASE andon`, run);
  }

  /** The transaction ends with its last cursor. */
  async close(cursor: string): Promise<void> {
    if (this.#cursors.size > 1 && this.#cursors.has(cursor)) await this.#cleanUp(`CLOSE ${cursor}`);
    await this.#forget(cursor);
  }

  async #forget(cursor: string): Promise<void> {
    const wasLast = this.#cursors.delete(cursor) && this.#cursors.size === 0;
    if (wasLast) await this.#cleanUp('ROLLBACK');
  }

  /** The rows of the last statement but one: the last one releases the savepoint. */
  #beforeRelease(text: string, run: ScrapeRun): Promise<Row[]> {
    return this.#orBack(async () => (await this.connection.send(text, run.signal)).at(-2) ?? []);
  }

  async #orBack<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#cleanUp('ROLLBACK TO andon; RELEASE andon');
      throw error;
    }
  }

  /** Has a time of its own, because that of the run may be over. What cannot be cleaned up is not used again. */
  async #cleanUp(text: string): Promise<void> {
    if (this.connection.isLost) return;
    const signal = AbortSignal.timeout(cleanUpLimitMs);
    await this.connection.send(text, signal).catch(() => this.connection[Symbol.dispose]());
  }
}

const limit = (run: ScrapeRun, longestMs?: number): string =>
  `SET statement_timeout = ${statementBudgetMs(run, longestMs)}`;
