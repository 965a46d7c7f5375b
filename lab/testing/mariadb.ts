import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Connection } from 'mysql2/promise';
import { connectMysql } from '../../kit/mysql.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { findProgram } from '../programs.ts';
import { initStatements, installCommand, serverCommand } from '../services/mariadb-server.ts';
import { type Runner, unprivilegedRunner } from '../services/unprivileged.ts';

/** A real MariaDB of one test file, gone with its scope, and with the test process if that is killed. */
export interface TestMariadb extends AsyncDisposable {
  readonly port: number;
  /** The address of a database, as the administrator; of none when none is named. */
  url(database?: string): string;
  /** Makes an empty database and returns its address. */
  database(name: string): Promise<string>;
  /** An administrator's session under that program name, closed with the server. */
  session(applicationName: string, database?: string): Promise<Connection>;
  /** Ends the server at once, as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  start(): Promise<void>;
}

export interface TestMariadbOptions {
  /** Further settings by their names on the command line: `{ 'max-connections': '5', 'log-bin': 'binlog' }`. */
  settings?: Readonly<Record<string, string>>;
}

/** As little as a server can do: nothing here outlives its test. */
const testSettings = {
  'max-connections': '300',
  'innodb-buffer-pool-size': '16M',
  'innodb-log-file-size': '4M',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-flush-method': 'nosync',
  'innodb-doublewrite': 'OFF',
  'innodb-temp-data-file-path': 'ibtmp1:1M:autoextend',
  'innodb-buffer-pool-load-at-startup': 'OFF',
  'aria-log-file-size': '8M',
};
/** What of it holds while the data folder is made; a log file of another size would be made anew. */
const installSettings = [
  'innodb-log-file-size',
  'innodb-flush-method',
  'innodb-doublewrite',
  'aria-log-file-size',
] as const;

const password = 'test';
/** The shell ends the server when its standard input closes, which it does even when the test process is killed. */
const script = '"$@" & server=$!; cat >/dev/null; kill -KILL $server; wait $server';

export async function startTestMariadb({ settings = {} }: TestMariadbOptions = {}): Promise<TestMariadb> {
  const pathList = process.env.PATH ?? '';
  const programs = {
    mariadbd: findProgram('mariadbd', pathList),
    'mariadb-install-db': findProgram('mariadb-install-db', pathList),
  };
  const runner = unprivilegedRunner(programs.mariadbd, { PATH: pathList });
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-mariadb-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const folders = { data: path.join(folder, 'data'), tmp: path.join(folder, 'tmp') };
  mkdirSync(folders.tmp);
  const initFile = path.join(folder, 'init.sql');
  writeFileSync(initFile, initStatements(password, []));
  const { user } = runner;
  if (user) for (const file of [folder, folders.tmp, initFile]) chownSync(file, user.uid, user.gid);
  const quick = installSettings.map((name) => `--${name}=${testSettings[name]}`);
  const [program, args] = commandOf(runner, ...installCommand(programs, folders), ...quick);
  await promisify(execFile)(program, args, { ...runner.spawnAs, cwd: folder });
  const [port = 0] = await freePorts(1);
  const command = serverCommand(programs, {
    folders,
    port,
    initFile,
    settings: { ...testSettings, ...settings },
  });
  const url = (database = '') => `mysql://root:${password}@127.0.0.1:${port}/${database}`;
  const session = (applicationName: string, database?: string) =>
    connectMysql({ url: url(database), applicationName, connectTimeoutMs: 10_000 });
  let crash = async () => {};
  const start = async () => {
    crash = startServer(runner, command, folder);
    const answers = async () => {
      await (await session('test-ready')).end();
      return true;
    };
    await waitFor(answers, { what: `MariaDB on port ${port}`, timeoutMs: 30_000, everyMs: 25 });
  };
  stack.defer(() => crash());
  await start();
  const owned = stack.move();
  return {
    port,
    url,
    start,
    crash: () => crash(),
    async database(name) {
      const connection = await session('test-setup');
      await connection.query('CREATE DATABASE ??', [name]);
      await connection.end();
      return url(name);
    },
    async session(applicationName, database) {
      const connection = await session(applicationName, database);
      owned.defer(async () => connection.destroy());
      return connection;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function commandOf({ prefix }: Runner, ...command: string[]): [program: string, args: string[]] {
  const [program = '', ...args] = [...prefix, ...command];
  return [program, args];
}

/** Returns what ends it: SIGKILL, because nothing of it is kept that an orderly shutdown would save. */
function startServer(runner: Runner, command: readonly string[], cwd: string): () => Promise<void> {
  const [shell, shellArgs] = commandOf(runner, 'sh', '-c', script, 'sh', ...command);
  const child = spawn(shell, shellArgs, {
    ...runner.spawnAs,
    cwd,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  return async () => {
    child.stdin.end();
    await ended;
  };
}
