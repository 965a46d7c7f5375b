import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';
import { findPostgres } from '../services/postgres-programs.ts';
import { type Runner, unprivilegedRunner } from '../services/unprivileged.ts';

/** A real PostgreSQL of one test file, gone with its scope, and with the test process if that is killed. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number;
  /** The address of a database, as the superuser; `postgres` when none is named. */
  url(database?: string): string;
  /** Makes an empty database and returns its address. */
  database(name: string): Promise<string>;
  /** A session under that application name, closed with the server. */
  session(applicationName: string): Promise<pg.Client>;
  /** Ends the server at once, as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  start(): Promise<void>;
}

const settings = [
  'fsync=off',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'max_prepared_transactions=2',
];
const password = 'test';
/** The shell ends the server when its standard input closes, which it does even when the test process is killed. */
const script = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server';
const limits = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, connectTimeoutMs: 10_000 };

/** `more` settings of the server, such as `max_connections=300`, come last and win. */
export async function startTestPostgres(more: readonly string[] = []): Promise<TestPostgres> {
  const { initdb, postgres } = findPostgres();
  const runner = unprivilegedRunner(postgres, { PATH: process.env.PATH ?? '' });
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-postgres-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password);
  const { user } = runner;
  if (user) for (const file of [folder, passwordFile]) chownSync(file, user.uid, user.gid);
  const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const shape = ['-E', 'UTF8', '--no-locale', '--no-sync'];
  const [program, args] = commandOf(runner, initdb, '-D', data, ...access, ...shape);
  await promisify(execFile)(program, args, { ...runner.spawnAs, cwd: folder });
  const [port = 0] = await freePorts(1);
  const url = (database = 'postgres') => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const session = (applicationName: string) => connectPostgres({ url: url(), applicationName, ...limits });
  let crash = async () => {};
  const start = async () => {
    crash = startServer(
      runner,
      postgres,
      ['-D', data, '-p', String(port), ...[...settings, ...more].flatMap((setting) => ['-c', setting])],
      data,
    );
    const answers = async () => {
      await (await session('test-ready')).end();
      return true;
    };
    await waitFor(answers, { what: `PostgreSQL on port ${port}`, timeoutMs: 30_000 });
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
      const client = await session('test-setup');
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      await client.end();
      return url(name);
    },
    async session(applicationName) {
      const client = await session(applicationName);
      owned.defer(() => client.end().catch(() => {}));
      return client;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function commandOf({ prefix }: Runner, ...command: string[]): [program: string, args: string[]] {
  const [program = '', ...args] = [...prefix, ...command];
  return [program, args];
}

/** Returns what ends it: SIGQUIT, which says no goodbye to clients and leaves no orphaned backends. */
function startServer(
  runner: Runner,
  program: string,
  args: readonly string[],
  cwd: string,
): () => Promise<void> {
  const [shell, shellArgs] = commandOf(runner, 'sh', '-c', script, 'sh', program, ...args);
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
