import type pg from 'pg';
import { connectPostgres } from '../../../kit/postgres.ts';
import type { DrillSession, EndedBy, Row, SessionLimits } from './drill-session.ts';

/** A healthy server ends a session in milliseconds; a frozen one is not waited for. */
const goodbyeMs = 2000;
/** For the way there and back: a server that is alive ends a statement before we give it up. */
const onTheWayMs = 1000;

/** SQLSTATE → who has ended the session (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const endedBy: Record<string, EndedBy> = {
  // admin_shutdown: pg_terminate_backend, which is what a runbook does.
  '57P01': 'runbook',
  // idle_in_transaction_session_timeout and idle_session_timeout: the runner was frozen, and the server's lease has ended.
  '25P03': 'lease',
  '57P05': 'lease',
};

/** PostgreSQL 13 has no limit of silence outside a transaction, where a session holds nothing anyway. */
const setUp = `SELECT pg_backend_pid() AS pid,
  (SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'idle_session_timeout')`;

/** A session on PostgreSQL. */
export class PostgresSession implements DrillSession {
  readonly id: number;
  readonly endedByOthers: Promise<EndedBy>;
  readonly #client: pg.Client;
  #leaving: Promise<void> | undefined;
  #isOver = false;
  #endedBy: EndedBy = 'server';

  private constructor(client: pg.Client, id: number) {
    this.#client = client;
    this.id = id;
    client.on('error', (error) => this.#note(error));
    this.endedByOthers = new Promise((resolve) => {
      client.once('end', () => {
        this.#isOver = true;
        if (!this.#leaving) resolve(this.#endedBy);
      });
    });
  }

  static async open(url: string, applicationName: string, limits: SessionLimits): Promise<PostgresSession> {
    const client = await connectPostgres({
      url,
      applicationName,
      statementTimeoutMs: limits.statementMs,
      lockTimeoutMs: limits.lockMs,
      idleInTransactionTimeoutMs: limits.idleMs,
      queryTimeoutMs: limits.statementMs + onTheWayMs,
    });
    try {
      const { rows } = await client.query<{ pid: number }>(setUp, [String(limits.idleMs)]);
      return new PostgresSession(client, rows[0]?.pid ?? 0);
    } catch (error) {
      await goodbye(client);
      throw error;
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async query<R extends object = Row>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    // Without values it goes by the simple protocol, which takes several statements at once.
    const answer = values.length === 0 ? this.#client.query(text) : this.#client.query(text, [...values]);
    // A session that is ended in the middle of a statement says why in the answer to that.
    const { rows } = await answer.catch((error: unknown) => {
      this.#note(error);
      throw error;
    });
    return rows as R[];
  }

  #note(error: unknown): void {
    this.#endedBy = endedBy[(error as { code?: string }).code ?? ''] ?? this.#endedBy;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#leaving ??= goodbye(this.#client);
    return this.#leaving;
  }
}

/** Ends a session; if the server does not take note in time, at least our end of the connection is gone. */
async function goodbye(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), goodbyeMs);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
