import type { Connection } from 'mysql2/promise';
import { MysqlSessions } from '../../exporters/testing/mysql-sessions.ts';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import type { StepResult } from '../step.ts';
import { dbReleaseLock } from '../steps/db-release-lock.ts';
import { stepWorld } from './step-world.ts';

export const hold = "UPDATE work_orders SET state = 'held' WHERE id = 1";
export const want = "UPDATE work_orders SET state = 'done' WHERE id = 1";

interface RunOptions {
  protect?: string[];
  older_than?: number;
  url?: string;
}

/** A MariaDB in which sessions wait for each other, and how a test sees who lives and who waits. */
export class LockedMariadb implements AsyncDisposable {
  readonly server: TestMariadb;
  readonly #watcher: Connection;

  private constructor(server: TestMariadb, watcher: Connection) {
    this.server = server;
    this.#watcher = watcher;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LockedMariadb> {
    const server = await startTestMariadb({ settings });
    await server.database('mes');
    const watcher = await server.session('test-watcher', 'mes');
    await watcher.query('CREATE TABLE work_orders (id INT PRIMARY KEY, state VARCHAR(20)) ENGINE = InnoDB');
    await watcher.query("INSERT INTO work_orders VALUES (1, 'open'), (2, 'open')");
    return new LockedMariadb(server, watcher);
  }

  /** Sessions of one test. */
  sessions(): MysqlSessions {
    return new MysqlSessions(this.server);
  }

  /** A forgotten transaction, and two who wait for it. */
  async forgotten(sessions: MysqlSessions): Promise<Connection> {
    const root = await sessions.did('forgotten terminal', 'BEGIN', hold);
    await sessions.hang('terminal', want, 2);
    return root;
  }

  /** What the step does about it. */
  run({ protect = [], older_than = 0, url = this.server.url('mes') }: RunOptions = {}): Promise<StepResult> {
    const world = stepWorld({ 'mes-db': { kind: 'mysql', url, protect } });
    return dbReleaseLock.run({ older_than }, world, AbortSignal.timeout(30_000));
  }

  async query(text: string, values: unknown[] = []): Promise<unknown[]> {
    const [rows] = await this.#watcher.query(text, values);
    return rows as unknown[];
  }

  async isAlive({ threadId }: Connection): Promise<boolean> {
    const rows = await this.query('SELECT 1 FROM information_schema.PROCESSLIST WHERE id = ?', [threadId]);
    return rows.length > 0;
  }

  /** Until so many wait for a row. Asked rarely: InnoDB shows the same list again to whoever asks within 0.1 s. */
  async untilWaiting(count: number): Promise<void> {
    const waits = "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
    const asMany = async () => (await this.query(waits)).length === count;
    await waitFor(asMany, { what: `${count} waiters`, timeoutMs: 20_000, everyMs: 200 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher.destroy();
    await this.server[Symbol.asyncDispose]();
  }
}
