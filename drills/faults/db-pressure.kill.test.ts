import type { Connection } from 'mysql2/promise';
import type pg from 'pg';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';
import { runName } from '../run-name.ts';
import { type DatabaseProcess, mariadbProcess, postgresProcess } from '../testing/database-process.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { whoSits } from '../undos/mysql-seats.ts';

const stack = new AsyncDisposableStack();
let range: KillRange;
/** Of the server whose connections are taken and that is kept busy; the other one is switched and restarted. */
let crowded: pg.Client;
let switched: pg.Client;
let mariadb: Connection;
let processes: { postgres: DatabaseProcess; mariadb: DatabaseProcess };

beforeAll(async () => {
  const [one, other, maria] = await Promise.all([
    startTestPostgres(['max_connections=24']),
    startTestPostgres(),
    startTestMariadb({ settings: { 'max-connections': '24' } }),
  ]);
  for (const server of [one, other, maria]) stack.use(server);
  processes = {
    postgres: stack.use(await postgresProcess(other)),
    mariadb: stack.use(await mariadbProcess(maria)),
  };
  crowded = await one.session('test');
  switched = await other.session('test');
  mariadb = await maria.session('test');
  range = stack.use(
    new KillRange({
      crowded: { kind: 'postgres', url: one.url() },
      postgres: { kind: 'postgres', url: other.url(), server: 'postgres-process' },
      mariadb: { kind: 'mysql', url: maria.url('mysql'), server: 'mariadb-process' },
      'postgres-process': processes.postgres.target,
      'mariadb-process': processes.mariadb.target,
    }),
  );
});
afterAll(() => stack.disposeAsync());

const inPostgres = async (condition: string, run: string) => {
  const text = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND ${condition}`;
  return ((await crowded.query(text, [runName(run)])).rowCount ?? 0) > 0;
};
const inMariadb = async (run: string) => (await whoSits(mariadb, runName(run), 100)).length > 0;
const atWork = `SELECT 1 FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND INFO LIKE ?`;

const connections: Record<'postgres' | 'mariadb', KillCase> = {
  postgres: {
    doom: { kind: 'db.connections', target: 'crowded', with: {} },
    present: (run) => inPostgres('TRUE', run),
  },
  mariadb: {
    doom: { kind: 'db.connections', target: 'mariadb', with: { most: 30 } },
    present: inMariadb,
  },
};
const slow: typeof connections = {
  postgres: {
    doom: { kind: 'db.slow', target: 'crowded', with: { workers: 2 } },
    present: (run) => inPostgres('TRUE', run),
    broken: (run) => inPostgres("state = 'active'", run),
  },
  mariadb: {
    doom: { kind: 'db.slow', target: 'mariadb', with: { workers: 2 } },
    present: inMariadb,
    broken: async (run) => {
      const [rows] = await mariadb.query(atWork, [`/* ${runName(run)} */%`]);
      return (rows as unknown[]).length > 0;
    },
  },
};
const readOnly: typeof connections = {
  postgres: {
    doom: { kind: 'db.read-only', target: 'postgres', with: {} },
    present: async () => {
      const { rows } = await switched.query('SHOW default_transaction_read_only');
      return rows[0]?.default_transaction_read_only === 'on';
    },
  },
  mariadb: {
    doom: { kind: 'db.read-only', target: 'mariadb', with: {} },
    present: async () => {
      const [rows] = await mariadb.query('SELECT @@GLOBAL.read_only AS on_now');
      return (rows as { on_now: number }[])[0]?.on_now === 1;
    },
  },
};
const restart: typeof connections = {
  postgres: {
    doom: { kind: 'db.restart', target: 'postgres', with: { how: 'immediate' } },
    present: async () => processes.postgres.pid() === undefined,
  },
  mariadb: {
    doom: { kind: 'db.restart', target: 'mariadb', with: {} },
    present: async () => processes.mariadb.pid() === undefined,
  },
};
const limitMs = killRounds * 60_000;
const inTurn = { concurrent: false, timeout: limitMs };

// The three servers beside each other, on each one fault at a time. What the engines do alike is killed on one of them.
describe.concurrent('A runner that dies, whenever that is,', () => {
  describe('or is frozen, its watchdog dead, leaves no', () => {
    test.each([connections.postgres, slow.postgres])(
      '$doom.kind: the server ends it',
      inTurn,
      async (kind) => {
        await range.killAll(kind);
        await range.killWatchdogToo(kind, 'SIGSTOP');
      },
    );
  });

  describe('or whose watchdog is dead too leaves no', () => {
    // The restart is the last: it ends the session that looks whether the server is read-only.
    test.each([readOnly.postgres, restart.postgres])(
      '$doom.kind: a leash takes it back',
      inTurn,
      async (kind) => {
        await range.killAll(kind);
        await range.killWatchdogToo(kind);
      },
    );
  });

  describe('leaves MariaDB', () => {
    test('writable', inTurn, () => range.killAll(readOnly.mariadb));
    test.each([connections.mariadb, slow.mariadb])(
      'without $doom.kind when it is frozen, its watchdog dead',
      inTurn,
      (kind) => range.killWatchdogToo(kind, 'SIGSTOP'),
    );
    test('up, its watchdog dead too', inTurn, () => range.killWatchdogToo(restart.mariadb));
  });
});
