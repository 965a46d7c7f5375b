import { Socket } from 'node:net';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { addressOf, type PostgresSession, postgresSettings } from '../../kit/postgres.ts';
import type { ScrapeRun } from '../collector.ts';
import {
  type DatabaseSession,
  exporterApplicationName,
  lockTimeoutMs,
  type Row,
  rowsAtATime,
  statementBudgetMs,
  Turnstile,
} from './session.ts';

interface OpenSession {
  client: pg.Client;
  socket: Socket;
  /** What the server was last told to spend on a statement. */
  budgetMs: number;
}

const usualBudgetMs = 2000;

/**
 * A session of PostgreSQL. When the run is over the socket is destroyed, because a half-open connection answers nothing, not even
 * a goodbye; by then the server has cancelled the statement itself.
 */
export class PostgresCollectorSession implements DatabaseSession {
  readonly #session: PostgresSession;
  readonly #turnstile = new Turnstile();
  #open: OpenSession | undefined;

  constructor(url: string) {
    const limits = { statementTimeoutMs: usualBudgetMs, lockTimeoutMs };
    this.#session = { url, applicationName: exporterApplicationName, ...limits };
  }

  async query<R extends Row = Row>(text: string, run: ScrapeRun): Promise<R[]> {
    using _turn = await this.#turnstile.enter(run.signal);
    return await run.step(firstWords(text), () =>
      this.#withClient(run, async (client) => (await client.query<R>(text)).rows),
    );
  }

  async *batches(text: string, run: ScrapeRun): AsyncGenerator<Row[]> {
    using _turn = await this.#turnstile.enter(run.signal);
    const open = (client: pg.Client) => this.#begin(client, text);
    const { client, cursor } = await run.step(firstWords(text), () => this.#withClient(run, open));
    try {
      for (;;) {
        const rows = await this.#guarded(run, () => cursor.read(rowsAtATime));
        if (rows.length > 0) yield rows;
        if (rows.length < rowsAtATime) return;
      }
    } finally {
      // What has failed or was left early is closed too; on a lost connection there is nothing to close.
      await this.#guarded(run, async () => {
        await cursor.close();
        await client.query('ROLLBACK');
      }).catch(() => this.#forget());
    }
  }

  async #begin(client: pg.Client, text: string): Promise<{ client: pg.Client; cursor: Cursor<Row> }> {
    await client.query('BEGIN READ ONLY');
    return { client, cursor: client.query(new Cursor<Row>(text)) };
  }

  /** A connection that was lost since the last scrape is made anew once; a statement that fails leaves it open. */
  async #withClient<T>(run: ScrapeRun, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const reused = this.#open !== undefined;
    const ask = () => this.#guarded(run, async () => work(await this.#ready(run)));
    try {
      return await ask();
    } catch (error) {
      const lostSinceLastScrape = reused && this.#open === undefined && !run.signal.aborted;
      if (!lostSinceLastScrape) throw error;
      return await ask();
    }
  }

  /** Destroys the connection when the run is over meanwhile. */
  async #guarded<T>({ signal }: ScrapeRun, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const destroy = () => this.#forget();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw new Error(`${addressOf(this.#session.url)} gave no answer in time`);
      throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  }

  async #ready(run: ScrapeRun): Promise<pg.Client> {
    const open = this.#open ?? (await this.#connect());
    const budgetMs = statementBudgetMs(run);
    if (budgetMs !== open.budgetMs) {
      await open.client.query(`SET statement_timeout = ${Math.floor(budgetMs)}`);
      open.budgetMs = budgetMs;
    }
    return open.client;
  }

  async #connect(): Promise<OpenSession> {
    const socket = new Socket();
    const client = new pg.Client({ ...postgresSettings(this.#session), stream: () => socket });
    const open = { client, socket, budgetMs: usualBudgetMs };
    this.#open = open;
    client.on('error', () => this.#forget(open));
    client.on('end', () => this.#forget(open));
    try {
      await client.connect();
      return open;
    } catch (error) {
      this.#forget(open);
      throw error;
    }
  }

  #forget(open = this.#open): void {
    open?.socket.destroy();
    if (this.#open === open) this.#open = undefined;
  }

  [Symbol.dispose](): void {
    this.#forget();
  }
}

/** A statement in one short line, for who wants to know what the exporter does. */
export const firstWords = (text: string): string => {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
};

/** Whether the server answered, though with an error about this statement: it is up. */
export function serverAnswered(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  const aboutTheSession = /^(08|28|3D|53|57P)/;
  return error.code !== undefined && !aboutTheSession.test(error.code);
}
