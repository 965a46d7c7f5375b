import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { type Keeper, startKeeper } from '../../kit/keeper.ts';
import { endGroup, type GroupLeader } from '../../kit/process-group.ts';
import { startTimeOf } from '../../kit/process-identity.ts';

/** A program to run, and for how long. */
export interface ProcessRequest {
  /** The program and its arguments: no shell reads them. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  timeoutMs: number | undefined;
  /** Whether what it leaves running is ended with the run. */
  lingering: boolean;
}

/** As Python gives it: a process that a signal ended has the negative number of the signal. */
export interface ProcessResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** What is kept of each stream; the rest is read and dropped. */
const largestBytes = 10 * 1024 * 1024;
/** What a process may take to end once it is asked, before it is killed. */
const endLimitMs = 5000;
/** It waits until the keeper knows it: if we die before, the gate (fd 3) closes and nothing has been started. */
const gate = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/** Runs programs, each in a process group of its own, and ends what is left of them: by itself, or by its keeper when it is killed. */
export class OwnedProcesses implements AsyncDisposable {
  #keeper: Promise<Keeper> | undefined;
  readonly #lingering: GroupLeader[] = [];

  /** Returns when the program has ended and nobody writes to its output any more, as in Chaos Toolkit. */
  async run(request: ProcessRequest, signal: AbortSignal): Promise<ProcessResult> {
    this.#keeper ??= startKeeper();
    const keeper = await this.#keeper;
    signal.throwIfAborted();
    const [command = '', ...args] = request.command;
    const child = spawn('/bin/sh', ['-c', gate, command, command, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: request.env,
      cwd: request.cwd,
    });
    const closed = closing(child);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const leader = { pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) ?? '' };
    if (leader.pid === 0) await closed;
    if (request.lingering) this.#lingering.push(leader);
    await keeper.register({ ...leader, stopSignal: 'SIGTERM' });
    openGate(child);
    try {
      const status = await this.#ended(child, closed, leader, request.timeoutMs, signal);
      return { status, stdout: stdout(), stderr: stderr() };
    } finally {
      // What a foreground program leaves behind is the experiment's affair; what runs in the background stays known to the keeper.
      if (!request.lingering) keeper.release(leader.pid);
    }
  }

  async #ended(
    child: ChildProcess,
    closed: Promise<number>,
    leader: GroupLeader,
    timeoutMs: number | undefined,
    signal: AbortSignal,
  ): Promise<number> {
    const limit =
      timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const stopped = Promise.withResolvers<'stopped'>();
    const stop = () => stopped.resolve('stopped');
    limit.addEventListener('abort', stop);
    if (limit.aborted) stop();
    try {
      const outcome = await Promise.race([closed, stopped.promise]);
      if (outcome !== 'stopped') return outcome;
    } finally {
      limit.removeEventListener('abort', stop);
    }
    await endGroup(leader, { signal: 'SIGTERM', timeoutMs: endLimitMs });
    // Whoever left the group may still hold these open.
    child.stdout?.destroy();
    child.stderr?.destroy();
    signal.throwIfAborted();
    throw new Error(`took longer than ${(timeoutMs ?? 0) / 1000} s`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const leader of this.#lingering)
      await endGroup(leader, { signal: 'SIGTERM', timeoutMs: endLimitMs });
    await (await this.#keeper)?.[Symbol.asyncDispose]();
  }
}

function closing(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('close', (code, signal) => resolve(code ?? -(signal === null ? 0 : constants.signals[signal])));
  promise.catch(() => {}); // It may end before anybody waits for it.
  return promise;
}

function openGate(child: ChildProcess): void {
  const opened = child.stdio[3] as Writable;
  opened.on('error', () => {}); // It has ended already: its status says so.
  opened.end('go\n');
}

/** Keeps the beginning of a stream; gives it as text: UTF-8, or else Latin-1. */
function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (length < largestBytes) chunks.push(chunk.subarray(0, largestBytes - length));
    length += chunk.length;
  });
  return () => {
    const bytes = Buffer.concat(chunks);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return bytes.toString('latin1');
    }
  };
}
