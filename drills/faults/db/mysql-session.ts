import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { DrillSession, EndedBy, Row, SessionLimits } from './drill-session.ts';

/** A healthy server ends a session in milliseconds; a frozen one is not waited for. */
const goodbyeMs = 2000;
/** We notice an answer later than the server gives it, so our silence is the longer one; and while we live it is far shorter. */
const silentShare = 0.75;
/** For the way there and back: a server that is alive ends a statement before we give it up. */
const onTheWayMs = 1000;

export interface MysqlSessionParts {
  connection: Connection;
  /** The socket of the connection: its end is the end of the session, whatever the driver makes of it. */
  socket: Socket;
  applicationName: string;
  limits: SessionLimits;
  /** For how long the server has been up, in whole seconds. Throws when it cannot be asked any more. */
  upForMs: () => Promise<number>;
}

/** A session on MySQL or MariaDB, from the moment it can be found again. */
export class MysqlSession implements DrillSession {
  readonly id: number;
  readonly endedByOthers: Promise<EndedBy>;
  readonly #parts: MysqlSessionParts;
  readonly #openedAt = performance.now();
  #heardAt = performance.now();
  #isOver = false;
  #leaving: Promise<void> | undefined;

  constructor(parts: MysqlSessionParts) {
    this.#parts = parts;
    this.id = parts.connection.threadId;
    this.endedByOthers = new Promise((resolve) => {
      parts.socket.once('close', () => {
        this.#isOver = true;
        if (!this.#leaving) this.#whoWasIt().then(resolve, () => resolve('server'));
      });
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its statements carry the name of the run as a comment, because that is what a list of sessions shows. */
  async query<R extends object = Row>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    if (this.#isOver) throw new Error('the session has ended');
    const { connection, socket, applicationName, limits } = this.#parts;
    const timer = setTimeout(() => socket.destroy(), limits.statementMs + onTheWayMs);
    try {
      const [rows] = await connection.promise().query(`/* ${applicationName} */ ${text}`, [...values]);
      return Array.isArray(rows) ? (rows as R[]) : [];
    } finally {
      clearTimeout(timer);
      this.#heardAt = performance.now();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#leaving ??= this.#goodbye();
    return this.#leaving;
  }

  async #goodbye(): Promise<void> {
    const { connection, socket } = this.#parts;
    if (this.#isOver) return;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    const timer = setTimeout(() => socket.destroy(), goodbyeMs);
    connection.end(() => {});
    await closed;
    clearTimeout(timer);
  }

  /**
   * The server closes the connection without a word. What can be known: our own silence was about as long as the lease; or the server is
   * the one that we came to and still answers, so that somebody has killed this session; or it has gone.
   */
  async #whoWasIt(): Promise<EndedBy> {
    const now = performance.now();
    if (now - this.#heardAt >= silentShare * this.#parts.limits.idleMs) return 'lease';
    // A second is the least that the server tells.
    return (await this.#parts.upForMs()) + 1000 >= now - this.#openedAt ? 'runbook' : 'server';
  }
}
