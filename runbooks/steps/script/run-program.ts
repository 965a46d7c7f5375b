import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { startKeeper } from '../../../kit/keeper.ts';
import { endGroup } from '../../../kit/process-group.ts';
import { startTimeOf } from '../../../kit/process-identity.ts';
import { type Output, OutputTail } from './output-tail.ts';

/** A program to run, with everything it is given. */
export interface ProgramSpec {
  program: string;
  args: readonly string[];
  /** All of it: nothing of our own environment is handed down. */
  env: Readonly<Record<string, string>>;
  folder: string;
}

export interface ProgramEnd {
  /** Undefined when it could not be started at all. */
  code: number | null | undefined;
  signal: NodeJS.Signals | null;
  error?: unknown;
  stdout: Output;
  stderr: Output;
}

/** So much of each output is kept. */
const mostOutput = 64 * 1024;
/** A step must settle soon after it is stopped; a program that wants to tidy up has this long. */
const politeMs = 2000;
/** Everything of its group is dead by then; only who left the group can still hold the output open. */
const outputMs = 1000;

/**
 * Runs a program without a shell, in a process group of its own. The whole group is ended when the signal aborts, when the program
 * itself has ended, and when this process dies.
 */
export async function runProgram(spec: ProgramSpec, signal: AbortSignal): Promise<ProgramEnd> {
  await using keeper = await startKeeper();
  signal.throwIfAborted();
  const child = spawn(spec.program, spec.args, {
    cwd: spec.folder,
    env: spec.env,
    shell: false,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = exitOf(child);
  const outputs = [tailOf(child.stdout), tailOf(child.stderr)] as const;
  const { pid } = child;
  // Even one that has ended already is there to be read: nobody has buried it yet.
  const leader = pid === undefined ? undefined : { pid, startTime: startTimeOf(pid) ?? '' };
  const end = async () => {
    if (leader) await endGroup(leader, { signal: 'SIGTERM', timeoutMs: politeMs });
  };
  const stop = () => void end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (leader) await keeper.register({ ...leader, stopSignal: 'SIGTERM' });
    const how = await exited;
    // What it has left behind in its group would go on unseen, and hold its output open.
    await end();
    const [stdout, stderr] = await Promise.all([outputs[0](), outputs[1]()]);
    return { ...how, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', stop);
    await end();
    if (leader) keeper.release(leader.pid);
  }
}

type Exit = Pick<ProgramEnd, 'code' | 'signal' | 'error'>;

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: undefined, signal: null, error }));
  });

/** Keeps the end of an output; what is returned waits until it is closed. */
function tailOf(stream: Readable): () => Promise<Output> {
  const tail = new OutputTail(mostOutput);
  const closed = once(stream, 'close');
  stream.on('data', (chunk: Buffer) => tail.add(chunk));
  return async () => {
    const waited = new AbortController();
    await Promise.race([closed, delay(outputMs, undefined, { signal: waited.signal })]);
    waited.abort();
    stream.destroy();
    return tail.end();
  };
}
