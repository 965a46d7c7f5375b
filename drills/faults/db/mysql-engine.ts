import { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { Connection as PromiseConnection } from 'mysql2/promise';
import { messageOf, UnavailableError } from '../../../kit/errors.ts';
import { openMysql } from '../../../kit/mysql.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { within } from '../../../kit/wait.ts';
import { runName } from '../../run-name.ts';
import type { Undo } from '../../undo.ts';
import { mysqlPlace } from '../../undos/end-mysql-sessions.ts';
import { adminUrl } from '../../undos/end-sessions.ts';
import { seatName, whoSits } from '../../undos/mysql-seats.ts';
import type { DrillEngine, DrillSession, SessionLimits } from './drill-session.ts';
import { MysqlSession } from './mysql-session.ts';

const askLimits: SessionLimits = { statementMs: 3000, lockMs: 1000, idleMs: 60_000 };

/** The sessions of one run on a MySQL or MariaDB server, known by the user locks they hold (see mysql-seats.ts). */
export class MysqlEngine implements DrillEngine {
  readonly kind = 'mysql';
  readonly address: string;
  readonly applicationName: string;
  readonly undo: Undo;
  readonly #url: string;
  readonly #seats: number;
  #nextSeat = 0;

  constructor(name: string, target: TargetOf<'mysql'>, run: string, seats: number) {
    this.#url = adminUrl(target);
    this.#seats = seats;
    this.address = mysqlPlace(this.#url);
    this.applicationName = runName(run);
    const { applicationName } = this;
    this.undo = { kind: 'mysql.end-sessions', target: name, applicationName, seats };
  }

  async open(limits: SessionLimits): Promise<DrillSession> {
    const seat = this.#nextSeat++;
    if (seat >= this.#seats) throw new RangeError(`${this.applicationName} has only ${this.#seats} seats`);
    const { applicationName } = this;
    return this.#open(applicationName, limits, async (connection) => {
      const name = seatName(applicationName, seat);
      const [rows] = await connection.promise().query('SELECT GET_LOCK(?, 0) AS taken', [name]);
      if ((rows as { taken: unknown }[])[0]?.taken !== 1)
        throw new UnavailableError('db.seat-taken', `the user lock ${name} on ${this.address} is taken`, {
          mend: 'Another run of the same name is on its way: let it end, or run andon drill clean.',
        });
    });
  }

  ask(): Promise<DrillSession> {
    return this.#open('andon-residue', askLimits, async () => {});
  }

  ownSessions(): Promise<number[]> {
    return this.#asked((connection) => whoSits(connection, this.applicationName, this.#seats));
  }

  #upForMs(): Promise<number> {
    return this.#asked(async (connection) => {
      const [rows] = await connection.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
      return Number((rows as { Value?: unknown }[])[0]?.Value) * 1000;
    });
  }

  async #asked<T>(question: (connection: PromiseConnection) => Promise<T>): Promise<T> {
    const connection = await openMysql({ url: this.#url, applicationName: 'andon-residue' });
    try {
      // mysql2 never settles a query whose connection is destroyed: the limit has to be ours.
      return await within(question(connection.promise()), AbortSignal.timeout(askLimits.statementMs));
    } finally {
      connection.destroy();
    }
  }

  /** Limited first, then seated: from then on it is found, and only then may it hold anything. */
  async #open(
    applicationName: string,
    limits: SessionLimits,
    sitDown: (connection: Connection) => Promise<void>,
  ): Promise<DrillSession> {
    const socket = new Socket();
    const connection = await openMysql({ url: this.#url, applicationName, socket });
    try {
      await limit(connection, limits);
      await sitDown(connection);
    } catch (error) {
      connection.destroy();
      if (error instanceof UnavailableError) throw error;
      throw new UnavailableError('db.session', `a session on ${this.address}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return new MysqlSession({ connection, socket, applicationName, limits, upForMs: () => this.#upForMs() });
  }
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** Silence is `wait_timeout`, which counts inside a transaction as well: the server rolls back and closes. */
async function limit(connection: Connection, { statementMs, lockMs, idleMs }: SessionLimits): Promise<void> {
  const ask = connection.promise();
  const wait = seconds(lockMs);
  await ask.query('SET SESSION wait_timeout = ?, lock_wait_timeout = ?, innodb_lock_wait_timeout = ?', [
    seconds(idleMs),
    wait,
    wait,
  ]);
  const [rows] = await ask.query('SELECT VERSION() AS version');
  const isMariadb = /mariadb/i.test(String((rows as { version: unknown }[])[0]?.version));
  if (isMariadb) await ask.query('SET SESSION max_statement_time = ?', [statementMs / 1000]);
  else await ask.query('SET SESSION max_execution_time = ?', [statementMs]);
}
