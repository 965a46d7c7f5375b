import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { UnavailableError } from '../errors.ts';

/** A process, with its start so that a recycled id is not taken for it. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  /** The process group it is in. */
  group: number;
  /** As in /proc/PID/stat: R, S, D, T (stopped), … */
  state: string;
  /** Clock ticks since boot. */
  startedAt: string;
  command: string;
}

/** Every process that lives; a zombie has ended. Linux only: elsewhere it throws. */
export function processTable(procFolder = '/proc'): ProcessInfo[] {
  if (!existsSync(`${procFolder}/self/environ`))
    throw new UnavailableError('processes.linux-only', 'processes can only be found on Linux', {
      mend: 'Look for them by hand, with what this system lists processes with.',
    });
  return readdirSync(procFolder)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processInfo(Number(name), procFolder) ?? []);
}

/** Reads /proc/PID/stat; undefined when the process has ended, as a zombie has. */
export function processInfo(pid: number, procFolder = '/proc'): ProcessInfo | undefined {
  const stat = readOrNothing(`${procFolder}/${pid}/stat`);
  // The command stands in parentheses and may itself hold spaces and parentheses.
  const match = /^\d+ \((?<command>.*)\) (?<state>\S) (?<parent>\d+) (?<group>\d+) (?<rest>.*)$/s.exec(stat);
  const found = match?.groups;
  if (!found || found.state === 'Z' || found.state === 'X') return undefined;
  // proc(5): starttime is field 22; `rest` begins with field 6.
  const startedAt = found.rest?.split(' ')[16] ?? '';
  const { state = '', command = '' } = found;
  return { pid, parent: Number(found.parent), group: Number(found.group), state, startedAt, command };
}

/** A file of /proc. A process that ends while it is read, or that belongs to somebody else, says nothing. */
export function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** This process and those it descends from: no drill may ever stop these. */
export function ownLine(all: readonly ProcessInfo[]): number[] {
  const line = [process.pid];
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; ) {
    pid = all.find((other) => other.pid === pid)?.parent;
    if (pid !== undefined) line.push(pid);
  }
  return line;
}

/** A process with all its descendants and, where it leads a process group, everybody in that. Parents come before their children. */
export function treeOf(root: number, all: readonly ProcessInfo[]): ProcessInfo[] {
  const found = all.filter(({ pid, group }) => pid === root || group === root);
  found.sort((one, other) => Number(other.pid === root) - Number(one.pid === root));
  for (let index = 0; index < found.length; index++) {
    const parent = found[index]?.pid;
    found.push(...all.filter((one) => one.parent === parent && !found.includes(one)));
  }
  return found;
}
