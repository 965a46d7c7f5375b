import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, statSync } from 'node:fs';
import { cp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { findPostgres } from '../../lab/services/postgres-programs.ts';
import { unprivilegedRunner } from '../../lab/services/unprivileged.ts';
import type { TestPostgres } from '../../lab/testing/postgres.ts';

/** A streaming replica of a test's PostgreSQL, gone with its scope. */
export interface StandbyPostgres extends AsyncDisposable {
  url(database: string): string;
}

/** Ends the server when its standard input closes, which it does even when the test process is killed. */
const script = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server';

/** Copies the data of the primary, which is stopped for that moment. */
export async function startStandby(primary: TestPostgres): Promise<StandbyPostgres> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-standby-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const data = path.join(folder, 'data');
  await copyData(primary, folder, data);
  const [port = 0] = await freePorts(1);
  const { hostname, username, password } = new URL(primary.url());
  const from = `host=${hostname} port=${primary.port} user=${username} password=${password}`;
  const settings = [`primary_conninfo=${from}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const same = ['max_connections=100', 'max_prepared_transactions=2'];
  const { postgres } = findPostgres();
  const runner = unprivilegedRunner(postgres, { PATH: process.env.PATH ?? '' });
  const args = [
    '-D',
    data,
    '-p',
    String(port),
    ...[...settings, ...same].flatMap((setting) => ['-c', setting]),
  ];
  const [shell = '', ...shellArgs] = [...runner.prefix, 'sh', '-c', script, 'sh', postgres, ...args];
  const child = spawn(shell, shellArgs, {
    ...runner.spawnAs,
    cwd: data,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  stack.defer(async () => {
    child.stdin.end();
    await ended;
  });
  const url = (database: string) => primary.url(database).replace(`:${primary.port}/`, `:${port}/`);
  await waitFor(() => streams(url('postgres')), { what: 'a streaming replica', timeoutMs: 30_000 });
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function copyData(primary: TestPostgres, folder: string, data: string): Promise<void> {
  const client = await primary.session('copies the data');
  const { rows } = await client.query<{ source: string }>(
    "SELECT current_setting('data_directory') AS source",
  );
  const source = rows[0]?.source ?? '';
  await primary.crash();
  await cp(source, data, { recursive: true });
  await rm(path.join(data, 'postmaster.pid'), { force: true });
  await writeFile(path.join(data, 'standby.signal'), '');
  const { uid, gid } = statSync(source);
  chownSync(folder, uid, gid);
  await promisify(execFile)('chown', ['-R', `${uid}:${gid}`, data]);
  await primary.start();
}

async function streams(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return (
      (await client.query("SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'")).rowCount === 1
    );
  } finally {
    await client.end();
  }
}
