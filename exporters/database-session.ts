import { Socket } from 'node:net';
import pg from 'pg';
import { addressOf, type PostgresSession, postgresSettings } from '../kit/postgres.ts';

/** Every session of the exporter is called this, so that it can leave itself out of what it counts. */
export const exporterApplicationName = 'andon exporter';

/** The server's own limits: far inside a scrape, and a wait for a lock so short that nobody queues behind it. */
const serverLimits = { statementTimeoutMs: 2000, lockTimeoutMs: 250 };

interface OpenSession {
  client: pg.Client;
  socket: Socket;
}

/**
 * One connection to a database, kept between scrapes and made anew when it is lost. When the signal aborts
 * the socket is destroyed, because a half-open connection answers nothing, not even a goodbye.
 */
export class DatabaseSession implements Disposable {
  readonly #session: PostgresSession;
  #open: OpenSession | undefined;

  constructor(url: string) {
    this.#session = { url, applicationName: exporterApplicationName, ...serverLimits };
  }

  /** Runs one statement without parameters. A query that fails leaves the connection open; a lost one is retried once. */
  async query<Row extends pg.QueryResultRow>(text: string, signal: AbortSignal): Promise<Row[]> {
    const reused = this.#open !== undefined;
    try {
      return await this.#ask<Row>(text, signal);
    } catch (error) {
      const lostSinceLastScrape = reused && this.#open === undefined && !signal.aborted;
      if (!lostSinceLastScrape) throw error;
      return await this.#ask<Row>(text, signal);
    }
  }

  async #ask<Row extends pg.QueryResultRow>(text: string, signal: AbortSignal): Promise<Row[]> {
    signal.throwIfAborted();
    const destroy = () => this.#forget();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      const { client } = this.#open ?? (await this.#connect());
      return (await client.query<Row>(text)).rows;
    } catch (error) {
      if (signal.aborted) throw new Error(`${addressOf(this.#session.url)} gave no answer in time`);
      throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  }

  async #connect(): Promise<OpenSession> {
    const socket = new Socket();
    const client = new pg.Client({ ...postgresSettings(this.#session), stream: () => socket });
    const open = { client, socket };
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

/** Whether the server answered, though with an error about this statement: it is up. */
export function serverAnswered(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  const aboutTheSession = /^(08|28|3D|53|57P)/;
  return error.code !== undefined && !aboutTheSession.test(error.code);
}
