import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { modulePath } from '../../kit/module-path.ts';
import type { LoadTask } from './load-main.ts';

/** Ticks a second of the times in /proc (proc(5), stat): 100 on every Linux that we know. */
const ticksPerSecond = 100;

/** A program of this bench that talks in JSON lines and ends with its stdin. */
export interface BenchProcess extends AsyncDisposable {
  /** Its next line. */
  next<T>(): Promise<T>;
  /** Asks for a line. */
  ask<T>(): Promise<T>;
}

function startProcess(file: string, args: readonly string[]): BenchProcess {
  const child: ChildProcess = spawn(process.execPath, [modulePath(import.meta.url, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const next = async <T>() => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ${args.join(' ')} said nothing`);
    return JSON.parse(value) as T;
  };
  return {
    next,
    ask<T>() {
      child.stdin?.write('\n');
      return next<T>();
    },
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await ended;
    },
  };
}

/** The server behind the proxies. */
export async function startUpstream(): Promise<BenchProcess & { echo: number; count: number }> {
  const started = startProcess('./upstream-main', []);
  return { ...started, ...(await started.next<{ echo: number; count: number }>()) };
}

/** Lets a load generator do one task; its one line. */
export async function load<T>(task: LoadTask): Promise<T> {
  await using generator = startProcess('./load-main', [JSON.stringify(task)]);
  return await generator.next<T>();
}

/** A load generator that holds connections open until its scope is left. */
export async function holdOpen(
  port: number,
  connections: number,
  everyMs: number | null,
): Promise<BenchProcess> {
  const holder = startProcess('./load-main', [JSON.stringify({ task: 'hold', port, connections, everyMs })]);
  await holder.next();
  return holder;
}

/** Processor time that a process has used so far, in seconds: its own and the kernel's for it. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What a process holds in memory now, in KiB. */
export function residentKib(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}
