import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { UnavailableError } from './errors.ts';
import type { Keeper } from './keeper.ts';
import type { Log } from './log.ts';
import { endGroup, type GroupLeader } from './process-group.ts';
import { startTimeOf } from './process-identity.ts';

/** A program to run as a child of ours. */
export interface ChildSpec {
  /** For people: in messages and logs. */
  name: string;
  command: string;
  args: readonly string[];
  /** All of it: nothing of our own environment is handed down. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** Who it runs as, when not as we do. */
  user?: { uid: number; gid: number };
  /** stdout and stderr are appended here. */
  logFile: string;
  /** SIGTERM when left out. */
  stopSignal?: NodeJS.Signals;
  /** How long it may take to stop before it is killed; 5 s when left out. */
  stopTimeoutMs?: number;
}

/** How a child ended. */
export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running child in a process group of its own; leaving its scope stops the whole group. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
  readonly logFile: string;
  /** Where its own output begins in the log file. */
  readonly logStart: number;
  /** Resolves when it has ended, asked or not; never rejects. */
  readonly exited: Promise<ChildExit>;
}

export interface ChildOwner {
  keeper: Keeper;
  log: Log;
  /** Told of each child when it begins to run, long before it may be ready. */
  spawned?: (child: { name: string; pid: number }) => void;
}

/**
 * What runs first in every child: it waits until the keeper knows it, then becomes the program (same pid, same start time).
 * If we die before that, the gate (fd 3) closes and nothing has been started.
 */
export const gate = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/** Starts a child that cannot outlive us. Its stdin stays open until it is stopped, for programs that end with it. */
export async function startChild(spec: ChildSpec, { keeper, log, spawned }: ChildOwner): Promise<Child> {
  const { stopSignal = 'SIGTERM', stopTimeoutMs = 5000, logFile } = spec;
  const { child, logStart } = spawnGated(spec);
  const exited = exitOf(child);
  const leader = await leaderOf(child, spec.name);
  try {
    await keeper.register({ ...leader, stopSignal });
  } catch (error) {
    await endGroup(leader, { signal: 'SIGKILL', timeoutMs: 0 });
    throw error;
  }
  spawned?.({ name: spec.name, pid: leader.pid });
  child.gate.end('go\n');
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    const killed = await endGroup(leader, { signal: stopSignal, timeoutMs: stopTimeoutMs });
    if (killed) log.warn({ child: spec.name, pid: leader.pid, stopSignal }, 'had to be killed');
    await exited;
    child.process.stdin?.destroy();
    keeper.release(leader.pid);
  };
  return {
    name: spec.name,
    ...leader,
    logFile,
    logStart,
    exited,
    [Symbol.asyncDispose]: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

interface GatedProcess {
  process: ChildProcess;
  gate: Writable;
}

function spawnGated(spec: ChildSpec): { child: GatedProcess; logStart: number } {
  mkdirSync(path.dirname(spec.logFile), { recursive: true });
  const output = openSync(spec.logFile, 'a', 0o600);
  try {
    const logStart = fstatSync(output).size;
    const child = spawn('/bin/sh', ['-c', gate, spec.name, spec.command, ...spec.args], {
      detached: true,
      stdio: ['pipe', output, output, 'pipe'],
      env: spec.env,
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...spec.user,
    });
    child.stdin?.on('error', () => {});
    const gateEnd = child.stdio[3] as Writable;
    gateEnd.on('error', () => {}); // It has ended: `exited` says so.
    return { child: { process: child, gate: gateEnd }, logStart };
  } finally {
    closeSync(output);
  }
}

function exitOf({ process: child }: GatedProcess): Promise<ChildExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
}

async function leaderOf({ process: child }: GatedProcess, name: string): Promise<GroupLeader> {
  try {
    if (child.pid === undefined) await once(child, 'spawn');
  } catch (cause) {
    throw new UnavailableError('child.not-started', `${name} could not be started`, { cause });
  }
  const pid = child.pid ?? 0;
  // It waits at its gate, so it is there to be read.
  return { pid, startTime: startTimeOf(pid) ?? '' };
}
