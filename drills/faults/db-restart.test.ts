import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { startTestMariadb, type TestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { type DatabaseProcess, mariadbProcess, postgresProcess } from '../testing/database-process.ts';
import { testHost } from '../testing/test-host.ts';
import { revert } from '../undo.ts';
import { dbRestart } from './db-restart.ts';

type Engine = 'postgres' | 'mariadb';
const engines: Engine[] = ['postgres', 'mariadb'];
const stack = new AsyncDisposableStack();
const never = new AbortController().signal;
let servers: { postgres: TestPostgres; mariadb: TestMariadb };
let processes: Record<Engine, DatabaseProcess>;
let setup: ReturnType<typeof testHost>;

beforeAll(async () => {
  const [postgres, mariadb] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  servers = { postgres: stack.use(postgres), mariadb: stack.use(mariadb) };
  processes = {
    postgres: stack.use(await postgresProcess(postgres)),
    mariadb: stack.use(await mariadbProcess(mariadb)),
  };
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  stack.defer(() => void bystander.kill('SIGKILL'));
  const url = { postgres: postgres.url(), mariadb: mariadb.url('mysql') };
  setup = stack.use(
    testHost({
      postgres: { kind: 'postgres', url: url.postgres, server: 'postgres-process' },
      mariadb: { kind: 'mysql', url: url.mariadb, server: 'mariadb-process' },
      'postgres-process': processes.postgres.target,
      'mariadb-process': processes.mariadb.target,
      'postgres-nowhere': { kind: 'postgres', url: url.postgres },
      'postgres-unknown': { kind: 'postgres', url: url.postgres, server: 'nobody' },
      'postgres-elsewhere': { kind: 'postgres', url: url.postgres, server: 'bystander' },
      'mariadb-elsewhere': { kind: 'mysql', url: url.mariadb, server: 'bystander' },
      'postgres-sacred': { kind: 'postgres', url: url.postgres, server: 'sacred' },
      bystander: { ...processes.postgres.target, pid_file: '/dev/null' },
      sacred: { ...processes.postgres.target, drillable: false },
    }),
  );
  const pidFile = path.join(path.dirname(setup.configFile), 'bystander.pid');
  writeFileSync(pidFile, `${bystander.pid}\n`);
  Object.assign(setup.targets.bystander ?? {}, { pid_file: pidFile });
});
afterAll(() => stack.disposeAsync());

const named = (name: string) => ({ name, target: setup.targets[name] ?? expect.fail() });
const params = (how: 'fast' | 'immediate' = 'fast') => dbRestart.params.parse({ how });
const planned = (name: string, how?: 'fast' | 'immediate') =>
  dbRestart.plan(params(how), named(name), randomUUID(), 60_000);
const inject = (name: string, how?: 'fast' | 'immediate') =>
  dbRestart.inject(planned(name, how), params(how), named(name), setup.host, never);
const demanded = (name: string) => dbRestart.demand?.(params(), named(name), setup.host);
const answers = async (engine: Engine): Promise<boolean> => {
  const session = await servers[engine].session('test-asks');
  await session.end();
  return true;
};
/** A client of the plant: what it asks. */
async function client(engine: Engine): Promise<(sql: string) => Promise<unknown>> {
  if (engine === 'postgres') {
    const session = await servers.postgres.session('mes');
    return (sql) => session.query(sql);
  }
  const session = await servers.mariadb.session('mes');
  return (sql) => session.query(sql);
}

// One test at a time on a server: there is only one.
describe.concurrent.each(engines)('A restart of %s', (engine) => {
  test.each(['fast', 'immediate'] as const)(
    '(%s) cuts everybody off, keeps the server down, and has it back at the end',
    { concurrent: false },
    async (how) => {
      const before = processes[engine].pid();
      const mes = await client(engine);
      await using fault = await inject(engine, how);
      expect(await fault.touched()).toBe(1);
      await expect(mes('SELECT 1')).rejects.toThrow();
      await expect(answers(engine)).rejects.toThrow();
      if (how === 'fast') expect(await fault.residue()).toContain(`${engine}-process does not live`);
      await fault[Symbol.asyncDispose]();
      await answers(engine);
      expect(processes[engine].pid()).not.toBe(before);
      expect(await fault.residue()).toEqual([]);
      expect(await Promise.race([fault.liftedByOthers, 'nobody else'])).toBe('nobody else');
    },
  );

  test('has touched nobody where nobody is connected, and is over when somebody else starts the server', {
    concurrent: false,
  }, async () => {
    await using fault = await inject(engine);
    expect(await fault.touched()).toBe(0);
    await revert(
      { kind: 'process.start', target: `${engine}-process` },
      setup.host,
      AbortSignal.timeout(20_000),
    );
    expect(await fault.liftedByOthers).toBe('supervisor');
    await waitFor(() => answers(engine), { what: `an answer of ${engine}`, timeoutMs: 20_000 });
  });

  test('is refused when another process runs behind the server that is named', {
    concurrent: false,
  }, async () => {
    await demanded(engine);
    const refused = { code: 'db-restart.other-server', mend: expect.stringContaining('Correct') };
    await expect(demanded(`${engine}-elsewhere`)).rejects.toMatchObject(refused);
    await expect(inject(`${engine}-elsewhere`)).rejects.toMatchObject(refused);
    await answers(engine);
  });
});

describe('A restart', () => {
  test.each([
    ['postgres-nowhere', 'db-restart.no-server', 'server: NAME'],
    ['postgres-unknown', 'target.unknown', 'Add it'],
    ['postgres-sacred', 'db-restart.not-drillable', 'drillable: true'],
  ])('of %s is refused before anything is touched', async (name, code, mend) => {
    await expect(demanded(name)).rejects.toMatchObject({ code, mend: expect.stringContaining(mend) });
  });

  test('plans every effect in words and the undo as data', () => {
    const plan = planned('mariadb', 'immediate');
    expect(plan.undo).toEqual({ kind: 'process.start', target: 'mariadb-process' });
    expect(plan.effects.join('\n')).toMatch(
      /sends SIGKILL[\s\S]*starts mariadb-process after 60 s[\s\S]*last sign of life/,
    );
    expect(() => planned('postgres-nowhere')).toThrow('does not say what runs its server');
    expect(dbRestart.params.safeParse({ how: 'gently' }).success).toBe(false);
  });
});
