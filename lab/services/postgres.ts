import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { untilReady } from '../../kit/child-ready.ts';
import { type Child, type ChildOwner, startChild } from '../../kit/children.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { findPostgres } from './postgres-programs.ts';
import { type Runner, unprivilegedRunner } from './unprivileged.ts';

export interface PostgresOptions {
  folder: string;
  logFile: string;
  port: number;
  /** Of the superuser `postgres`. */
  password: string;
  /** Made when it starts, empty. */
  databases: readonly string[];
  env: Readonly<Record<string, string>>;
  owner: ChildOwner;
  signal?: AbortSignal;
}

/** It may start slowly on a computer that does much else. */
const readyWithinMs = 60_000;
const host = '127.0.0.1';
const superuser = 'postgres';

/** As a plant would run it, but on the loopback only and with a log that says who waits for whom. */
const serverSettings = {
  listen_addresses: host,
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  log_lock_waits: 'on',
  log_line_prefix: '%m [%p] %a ',
  timezone: 'UTC',
};

/** Starts a PostgreSQL with new, empty databases on the loopback. */
export async function startPostgres(options: PostgresOptions): Promise<Child> {
  const { folder, port, password, databases, env } = options;
  const programs = findPostgres();
  const runner = unprivilegedRunner(programs.postgres, env);
  const data = path.join(folder, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (runner.user) chownSync(data, runner.user.uid, runner.user.gid);
  // Started again, it has its data.
  if (!existsSync(path.join(data, 'PG_VERSION'))) await initialise(programs.initdb, runner, options);
  const settings = Object.entries({ ...serverSettings, port: String(port) });
  const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // SIGINT is its fast shutdown: it ends sessions instead of waiting for them.
  const child = await start(
    'postgresql',
    [programs.postgres, '-D', data, ...args],
    runner,
    options,
    'SIGINT',
  );
  try {
    const url = `postgres://${superuser}:${encodeURIComponent(password)}@${host}:${port}/postgres`;
    const { signal } = options;
    await untilReady(child, () => createDatabases(url, databases), { timeoutMs: readyWithinMs, signal });
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

async function initialise(initdb: string, runner: Runner, options: PostgresOptions): Promise<void> {
  const { folder, password, signal } = options;
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (runner.user) chownSync(passwordFile, runner.user.uid, runner.user.gid);
  const access = [`--username=${superuser}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const shape = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  const command = [initdb, ...access, ...shape, '-D', path.join(folder, 'data')];
  await using child = await start('initdb', command, runner, options, 'SIGTERM');
  const { code } = await child.exited;
  rmSync(passwordFile);
  signal?.throwIfAborted();
  if (code === 0) return;
  throw new UnavailableError('lab.initdb', 'PostgreSQL could not make its data folder', {
    mend: `See ${child.logFile}`,
  });
}

function start(
  name: string,
  command: readonly string[],
  { prefix, spawnAs }: Runner,
  { folder, logFile, env, owner }: PostgresOptions,
  stopSignal: NodeJS.Signals,
): Promise<Child> {
  const [program = '', ...args] = [...prefix, ...command];
  const spec = { name, command: program, args, env, cwd: path.join(folder, 'data'), logFile, stopSignal };
  return startChild(spawnAs ? { ...spec, user: spawnAs } : spec, owner);
}

async function createDatabases(url: string, names: readonly string[]): Promise<true> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'andon lab',
    connectionTimeoutMillis: 2000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('SELECT datname AS name FROM pg_database');
    const missing = names.filter((name) => !rows.some((row) => row.name === name));
    for (const name of missing) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    return true;
  } finally {
    await client.end();
  }
}
