import { Socket } from 'node:net';
import pg from 'pg';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { addressOf, postgresSettings } from '../../kit/postgres.ts';

/** An SQL statement that each connection prepares once, under its name. */
export interface Statement {
  name: string;
  text: string;
}

/** One connection, borrowed for one piece of work. */
export interface Session {
  query<Row extends pg.QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** Several statements without values, in one transaction of the server's. */
  script(text: string): Promise<void>;
}

/** A pool that outlives its server: what is broken fails once, is thrown away, and is replaced when next needed. */
export interface Database extends AsyncDisposable {
  run<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Opens every connection of the pool, so that none must be opened in a rush. */
  warmUp(): Promise<void>;
  usage(): { total: number; idle: number; waiting: number; max: number };
}

/** The part of a settings file that says how to reach a database. */
export interface DatabaseSettings {
  database: string;
  acquire_timeout_ms: number;
  statement_timeout_ms: number;
  query_timeout_ms: number;
}

/** Opens no connection yet: that is done by the first who needs one. */
export function openDatabase(name: string, settings: DatabaseSettings, max: number, keepOpen = 0): Database {
  return new PooledDatabase(name, settings, max, Math.min(keepOpen, max));
}

class PooledDatabase implements Database {
  readonly #url: string;
  readonly #max: number;
  readonly #pool: pg.Pool;
  readonly #sockets = new Set<Socket>();
  readonly #acquiring = new Set<(reason: Error) => void>();

  constructor(name: string, settings: DatabaseSettings, max: number, min: number) {
    this.#url = settings.database;
    this.#max = max;
    const session = postgresSettings({
      url: settings.database,
      applicationName: name,
      connectTimeoutMs: settings.acquire_timeout_ms,
      statementTimeoutMs: settings.statement_timeout_ms,
      lockTimeoutMs: settings.statement_timeout_ms,
      queryTimeoutMs: settings.query_timeout_ms,
    });
    this.#pool = new pg.Pool({ ...session, max, min, stream: () => this.#socket() });
    // Without listeners a connection that the network breaks would end the process; the next query meets the failure.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  async run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#acquire();
    const session = sessionOf(client, this.#url);
    try {
      return await work(session);
    } finally {
      client.release(session.broken);
    }
  }

  async warmUp(): Promise<void> {
    const clients = await Promise.allSettled(Array.from({ length: this.#max }, () => this.#acquire()));
    for (const client of clients) if (client.status === 'fulfilled') client.value.release();
  }

  usage(): { total: number; idle: number; waiting: number; max: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount, max: this.#max };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#pool.end();
    // A session that waits for a lock, or for a server that is gone, would hold up the end for half a minute;
    // and whoever waits for a connection would be left to his time limit.
    for (const socket of this.#sockets) socket.destroy();
    for (const reject of this.#acquiring) reject(new Error('the pool ends'));
    await ended;
  }

  async #acquire(): Promise<pg.PoolClient> {
    const { promise, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
    this.#acquiring.add(reject);
    this.#pool.connect().then(resolve, reject);
    try {
      return await promise;
    } catch (error) {
      const why = `no connection to ${addressOf(this.#url)}: ${messageOf(error)}`;
      throw new UnavailableError('database.no-connection', why, { cause: error });
    } finally {
      this.#acquiring.delete(reject);
    }
  }

  #socket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

/** Notices whether the server answered: a connection on which it did not must not go back into the pool. */
function sessionOf(client: pg.PoolClient, url: string): Session & { broken: boolean } {
  const session = {
    broken: false,
    async query<Row extends pg.QueryResultRow>({ name, text }: Statement, values: readonly unknown[]) {
      return (await watched(client.query<Row>({ name, text, values: [...values] }))).rows;
    },
    async script(text: string) {
      await watched(client.query(text));
    },
  };
  const watched = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      session.broken = !(error instanceof pg.DatabaseError) || error.severity === 'FATAL';
      if (error instanceof pg.DatabaseError) throw error;
      throw new UnavailableError('database.gone', `${addressOf(url)}: ${messageOf(error)}`, { cause: error });
    }
  };
  return session;
}

/** True when this very statement is at fault, so that trying again later would fail again. */
export function isRefusedStatement(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(22|23|42)/.test(error.code ?? '');
}

/** The name of the constraint that a statement broke, if that is why it failed. */
export function brokenConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}
