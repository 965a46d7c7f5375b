import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { untilReady } from '../../kit/child-ready.ts';
import { type Child, type ChildOwner, startChild } from '../../kit/children.ts';
import { UnavailableError } from '../../kit/errors.ts';
import { connectMysql } from '../../kit/mysql.ts';
import {
  initStatements,
  installCommand,
  type MariadbFolders,
  type MariadbPrograms,
  serverCommand,
} from './mariadb-server.ts';
import { type Runner, unprivilegedRunner } from './unprivileged.ts';

export interface MariadbOptions {
  folder: string;
  logFile: string;
  port: number;
  /** Of the administrator `root`, who may come over TCP from this computer only. */
  password: string;
  /** Made when it starts, empty. */
  databases: readonly string[];
  programs: MariadbPrograms;
  env: Readonly<Record<string, string>>;
  owner: ChildOwner;
  signal?: AbortSignal;
}

/** It may start slowly on a computer that does much else. */
const readyWithinMs = 60_000;
const host = '127.0.0.1';

/** Starts a MariaDB with new, empty databases on the loopback. */
export async function startMariadb(options: MariadbOptions): Promise<Child> {
  const { folder, port, password, databases, programs, env, signal } = options;
  const runner = unprivilegedRunner(programs.mariadbd, env);
  const folders = { data: path.join(folder, 'data'), tmp: path.join(folder, 'tmp') };
  for (const own of Object.values(folders)) {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    if (runner.user) chownSync(own, runner.user.uid, runner.user.gid);
  }
  await install(folders, runner, options);
  const initFile = path.join(folder, 'init.sql');
  writeFileSync(initFile, initStatements(password, databases), { mode: 0o600 });
  if (runner.user) chownSync(initFile, runner.user.uid, runner.user.gid);
  const settings = { 'max-connections': '200', 'innodb-print-all-deadlocks': 'ON' };
  const child = await start(
    'mariadb',
    serverCommand(programs, { folders, port, initFile, settings }),
    runner,
    options,
  );
  try {
    const url = `mysql://root:${encodeURIComponent(password)}@${host}:${port}/`;
    await untilReady(child, () => answers(url), { timeoutMs: readyWithinMs, signal });
    rmSync(initFile);
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

async function install(folders: MariadbFolders, runner: Runner, options: MariadbOptions): Promise<void> {
  await using child = await start(
    'mariadb-install-db',
    installCommand(options.programs, folders),
    runner,
    options,
  );
  const { code } = await child.exited;
  options.signal?.throwIfAborted();
  if (code === 0) return;
  throw new UnavailableError('lab.mariadb-install', 'MariaDB could not make its data folder', {
    mend: `See ${child.logFile}`,
  });
}

function start(
  name: string,
  command: readonly string[],
  { prefix, spawnAs }: Runner,
  { folder, logFile, env, owner }: MariadbOptions,
): Promise<Child> {
  const [program = '', ...args] = [...prefix, ...command];
  const spec = { name, command: program, args, env, cwd: path.join(folder, 'data'), logFile };
  return startChild(spawnAs ? { ...spec, user: spawnAs } : spec, owner);
}

async function answers(url: string): Promise<true> {
  const connection = await connectMysql({ url, applicationName: 'andon lab', connectTimeoutMs: 2000 });
  await connection.end();
  return true;
}
