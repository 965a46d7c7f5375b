import { Socket } from 'node:net';
import pg from 'pg';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import { addressOf, postgresSettings } from '../../kit/postgres.ts';
import { speaksPostgres } from './postgres-greeting.ts';
import { exporterApplicationName, lockTimeoutMs, type Row } from './session.ts';

/** Only until the first statement, which brings a limit of its own. */
const statementTimeoutMs = 2000;
/** A scrape is over sooner; this is for runs that take longer. */
const connectTimeoutMs = 5000;
/** Ends a transaction of ours that nobody goes on with, for instance because the network has swallowed the goodbye. */
const idleInTransactionTimeoutMs = 30_000;

/**
 * How the server treats a connection of the exporter: it writes nothing, reads results to their end, and half a minute after the
 * exporter has gone without a goodbye the server gives it up. Otherwise every cut cable would leave connections behind. Statements
 * need no client_connection_check_interval, which not every system has: each brings a limit of its own.
 */
const serverSettings = {
  default_transaction_read_only: 'on',
  cursor_tuple_fraction: '1',
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
};

/** One open connection to PostgreSQL. Once it is lost it stays lost. */
export class PostgresConnection implements Disposable {
  readonly #url: string;
  readonly #client: pg.Client;
  readonly #socket = new Socket();
  #isLost = false;
  /** Says more than what the driver makes of the words of a stranger. */
  #stranger: Error | undefined;

  private constructor(url: string) {
    this.#url = url;
    this.#client = new pg.Client({ ...settingsFor(url), stream: () => this.#socket });
    const lose = () => this[Symbol.dispose]();
    this.#client.on('error', lose).on('end', lose);
    this.#socket.once('data', (bytes) => {
      if (speaksPostgres(bytes)) return;
      this.#stranger = new Error('what answers there is not PostgreSQL');
      this.#socket.destroy(this.#stranger);
    });
  }

  /** Connects until the signal aborts. Every failure is an UnavailableError: there is no session then. */
  static async open(url: string, signal: AbortSignal): Promise<PostgresConnection> {
    let connection: PostgresConnection | undefined;
    try {
      connection = new PostgresConnection(url);
      await connection.#connect(signal);
      return connection;
    } catch (error) {
      connection?.[Symbol.dispose]();
      throw error instanceof UnavailableError ? error : unavailable(url, error);
    }
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Runs statements and returns the rows of each. */
  async send(text: string, signal: AbortSignal): Promise<Row[][]> {
    const results: unknown = await this.#until(signal, () => this.#client.query(text));
    return [results].flat().map((result) => (result as pg.QueryResult<Row>).rows);
  }

  /** Runs exactly one statement: the server refuses a second one behind a semicolon. */
  async sendOne(text: string, signal: AbortSignal): Promise<void> {
    const query: pg.QueryConfig & { queryMode: string } = { text, queryMode: 'extended' };
    await this.#until(signal, () => this.#client.query(query));
  }

  #connect(signal: AbortSignal): Promise<unknown> {
    return this.#until(signal, () => this.#client.connect());
  }

  /** On abort the socket is destroyed: a half-open connection answers nothing, not even a goodbye. */
  async #until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw new Error('no time was left to ask the database');
    const destroy = () => this[Symbol.dispose]();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      if (this.#isLost) throw new Error('the connection was lost');
      return await work();
    } catch (error) {
      if (isAboutTheStatement(error)) throw error;
      destroy();
      const silence = signal.aborted ? new Error('no answer in time') : undefined;
      throw unavailable(this.#url, silence ?? this.#stranger ?? error);
    } finally {
      signal.removeEventListener('abort', destroy);
    }
  }

  [Symbol.dispose](): void {
    this.#isLost = true;
    this.#socket.destroy();
  }
}

/** What an URL says about the session itself is left out: these limits hold whatever stands there. */
function settingsFor(url: string): pg.ClientConfig {
  const address = new URL(url);
  const ours = Object.entries(serverSettings).map(([name, value]) => `-c ${name}=${value}`);
  const options = [address.searchParams.get('options') ?? '', ...ours].join(' ').trim();
  for (const name of ['options', 'application_name', 'statement_timeout', 'lock_timeout'])
    address.searchParams.delete(name);
  const limits = { statementTimeoutMs, lockTimeoutMs, connectTimeoutMs, idleInTransactionTimeoutMs };
  const session = { url: address.href, applicationName: exporterApplicationName, ...limits };
  return { ...postgresSettings(session), options };
}

/** Whether the server refused or ended the statement and goes on with the session. */
export function isAboutTheStatement(error: unknown): boolean {
  const aboutTheSession = /^(08|28|3D|57P|25P03)/;
  return error instanceof pg.DatabaseError && error.code !== undefined && !aboutTheSession.test(error.code);
}

const mends: Record<string, string> = {
  '28P01': 'Write the right password into the url of the target in andon.yaml.',
  '28000': 'Check the user in the url of the target, and pg_hba.conf of the server.',
  '3D000': 'Check the name of the database at the end of the url of the target.',
  '53300':
    'Reserve connections for the exporter: reserved_connections, and GRANT pg_use_reserved_connections.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use a name in the url of the target that stands in the certificate.',
};

/** Without its cause, whose text is in the message: messageOf would say everything twice. */
function unavailable(url: string, error: unknown): UnavailableError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const what = `PostgreSQL at ${addressOf(url)}: ${messageOf(error)}`;
  return new UnavailableError('postgres.unreachable', what, { mend: mends[code] });
}
