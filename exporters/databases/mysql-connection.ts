import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import { UnavailableError } from '../../kit/errors.ts';
import { openMysql, unreachable } from '../../kit/mysql.ts';
import { isAboutTheStatement } from './mysql-errors.ts';
import { exporterApplicationName, type Row } from './session.ts';

/** A scrape is over sooner; this is for runs that take longer. */
const connectTimeoutMs = 5000;
/** How long the server's distance from UTC is believed: a change of its clocks is noticed within it. */
const zoneLifetimeMs = 60_000;

/**
 * How the server treats a connection of the exporter: it writes nothing, waits a second for a lock (the least that MySQL knows),
 * and is given up by the server five minutes after the exporter has gone without a goodbye.
 */
const serverSettings = [
  'SET SESSION TRANSACTION READ ONLY',
  'SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, wait_timeout = 300',
];

/** Stands before each statement, where the server's list of sessions shows it: by it the exporter knows its own. */
export const ownMark = `/* ${exporterApplicationName} */`;

/** One open connection to MySQL or MariaDB. Once it is lost it stays lost. */
export class MysqlConnection implements Disposable {
  readonly #url: string;
  readonly #socket = new Socket();
  #connection: Connection | undefined;
  #isMariadb = false;
  #isLost = false;
  #limitMs = 0;
  #zone = { offset: '+00:00', believedUntil: 0 };

  private constructor(url: string) {
    this.#url = url;
    this.#socket.on('close', () => this[Symbol.dispose]());
  }

  /** Connects until the signal aborts. Every failure is an UnavailableError: there is no session then. */
  static async open(url: string, signal: AbortSignal): Promise<MysqlConnection> {
    const opened = new MysqlConnection(url);
    try {
      await opened.until(signal, () => opened.#connect());
      return opened;
    } catch (error) {
      opened[Symbol.dispose]();
      throw error instanceof UnavailableError ? error : unreachable(url, error);
    }
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** The rows of one statement, on which the server may spend so much time. */
  query(text: string, limitMs: number, signal: AbortSignal): Promise<Row[]> {
    return this.until(signal, async () => {
      await this.#prepare(limitMs);
      return await this.#rows(text);
    });
  }

  /** Begins one statement in a transaction that only reads; its rows come as fast as they are taken. */
  stream(text: string, limitMs: number, signal: AbortSignal, highWaterMark: number): Promise<Readable> {
    return this.until(signal, async () => {
      await this.#prepare(limitMs);
      await this.#rows('START TRANSACTION READ ONLY');
      const connection = this.#alive();
      const rows = connection.query(this.#statement(text)).stream({ highWaterMark });
      const lose = (error: Error) => rows.destroy(error);
      connection.once('error', lose);
      rows.once('close', () => connection.off('error', lose));
      return rows;
    });
  }

  /** Ends the transaction of a stream that was read to its end. */
  async rollback(signal: AbortSignal): Promise<void> {
    await this.until(signal, () => this.#rows('ROLLBACK'));
  }

  /** Waits for what comes over this connection. On abort the socket is destroyed: what is half-open answers nothing, not even a goodbye. */
  async until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw new Error('no time was left to ask the database');
    const destroy = () => this[Symbol.dispose]();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      return await work();
    } catch (error) {
      if (isAboutTheStatement(error)) throw error;
      destroy();
      if (signal.aborted) throw unreachable(this.#url, new Error('no answer in time'));
      throw error instanceof UnavailableError ? error : unreachable(this.#url, error);
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  }

  async #connect(): Promise<void> {
    const session = { url: this.#url, applicationName: exporterApplicationName, connectTimeoutMs };
    this.#connection = await openMysql({ ...session, socket: this.#socket });
    const [row] = await this.#rows('SELECT VERSION() AS version');
    this.#isMariadb = isMariadb(row);
    for (const statement of serverSettings) await this.#rows(statement);
  }

  async #prepare(limitMs: number): Promise<void> {
    if (limitMs !== this.#limitMs) await this.#rows(this.#limitStatement(limitMs));
    this.#limitMs = limitMs;
    if (performance.now() > this.#zone.believedUntil) await this.#learnZone();
  }

  /** MariaDB counts seconds and limits every statement; MySQL counts milliseconds and limits those that read, which ours do. */
  #limitStatement(limitMs: number): string {
    const limit = this.#isMariadb
      ? `max_statement_time = ${limitMs / 1000}`
      : `max_execution_time = ${limitMs}`;
    return `SET SESSION ${limit}`;
  }

  /** In which zone the server writes its times. A user's statements may rely on it, so it is left as it is. */
  async #learnZone(): Promise<void> {
    const [row] = await this.#rows('SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW()) AS minutes');
    const offset = offsetText(Number(row?.minutes ?? 0));
    this.#zone = { offset, believedUntil: performance.now() + zoneLifetimeMs };
  }

  async #rows(text: string): Promise<Row[]> {
    const [rows] = await this.#alive().promise().query(this.#statement(text));
    return Array.isArray(rows) ? (rows as Row[]) : [];
  }

  #statement(text: string): { sql: string; timezone: string } {
    return { sql: `${ownMark} ${text}`, timezone: this.#zone.offset };
  }

  #alive(): Connection {
    if (this.#isLost || this.#connection === undefined) throw new Error('the connection was lost');
    return this.#connection;
  }

  [Symbol.dispose](): void {
    this.#isLost = true;
    this.#socket.destroy();
  }
}

/** Whether `SELECT VERSION() AS version` was answered by MariaDB; MySQL itself otherwise. */
export const isMariadb = (row: Row | undefined): boolean => /mariadb/i.test(String(row?.version));

/** 330 → `+05:30`. */
function offsetText(minutes: number): string {
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
