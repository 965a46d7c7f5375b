import type { Connection, RowDataPacket } from 'mysql2/promise';
import { waitFor } from '../../kit/wait.ts';
import type { TestMariadb } from '../../lab/testing/mariadb.ts';

/** Sessions of one test on the database `mes`: leaving the scope ends them and whatever they hold. */
export class MysqlSessions implements AsyncDisposable {
  readonly #server: TestMariadb;
  readonly #open: Connection[] = [];
  readonly #waits: Promise<unknown>[] = [];

  constructor(server: TestMariadb) {
    this.#server = server;
  }

  async open(program: string, database: string | undefined = 'mes'): Promise<Connection> {
    const session = await this.#server.session(program, database);
    this.#open.push(session);
    return session;
  }

  /** A session that has carried out these statements, and is silent since. */
  async did(program: string, ...statements: string[]): Promise<Connection> {
    const session = await this.open(program);
    for (const statement of statements) await session.query(statement);
    return session;
  }

  /** So many sessions that begin a statement and do not come back, because something is in their way. */
  async hang(program: string, statement: string, count = 1, database?: string): Promise<void> {
    const sessions = await Promise.all(Array.from({ length: count }, () => this.open(program, database)));
    await this.hangIn(sessions, statement);
  }

  /** The same in sessions that are open already. */
  async hangIn(sessions: readonly Connection[], statement: string): Promise<void> {
    for (const session of sessions) this.#waits.push(session.query(statement).catch(() => {}));
    await untilStuck(await this.open('test-watcher'), sessions, `${sessions.length} × ${statement}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watcher = await this.#server.session('test-watcher');
    const ids = this.#open.map(({ threadId }) => threadId);
    // A server notices only after seconds that the client of a long statement has gone.
    for (const id of ids) await watcher.query('KILL ?', [id]).catch(() => {});
    for (const session of this.#open) session.destroy();
    await Promise.all(this.#waits);
    await waitFor(async () => (await underWay(watcher, 'ID IN (?)', [ids])) === 0, {
      what: 'the end of all sessions',
      timeoutMs: 30_000,
      everyMs: 25,
    });
    watcher.destroy();
  }
}

const isNamed = "(STATE LIKE 'Waiting for %' OR STATE IN ('User lock', 'User sleep'))";
const isInInnodb = `ID IN (SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT')`;

/** A lock wait of InnoDB has no state of its own: whatever else lasts must stand in its list. */
async function untilStuck(watcher: Connection, sessions: readonly Connection[], what: string): Promise<void> {
  const ids = sessions.map(({ threadId }) => threadId);
  const allAre = async (so: string) => (await underWay(watcher, `ID IN (?) AND ${so}`, [ids])) === ids.length;
  const last = () => allAre(`COMMAND = 'Query' AND (${isNamed} OR TIME_MS > 100)`);
  await waitFor(last, { what, timeoutMs: 30_000, everyMs: 25 });
  const stuck = async () => (await allAre(isNamed)) || (await allAre(`(${isNamed} OR ${isInInnodb})`));
  // Asked more often than every 0.1 s, InnoDB would say for ever what it has said once.
  await waitFor(stuck, { what, timeoutMs: 30_000, everyMs: 250 });
}

async function underWay(watcher: Connection, where: string, values: unknown[]): Promise<number> {
  const text = `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ${where}`;
  const [rows] = await watcher.query<RowDataPacket[]>(text, values);
  return Number(rows[0]?.n);
}
