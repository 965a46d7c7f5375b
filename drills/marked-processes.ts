import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { UnavailableError } from '../kit/errors.ts';

/** The environment variable by which processes of a drill are found again. */
export const markVariable = 'ANDON_MARK';

/** A process, with its start so that a recycled id is not taken for it. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  /** Clock ticks since boot. */
  startedAt: string;
  command: string;
}

/**
 * The processes whose environment holds `ANDON_MARK=<mark>` and all their descendants, whatever these did to theirs;
 * never this process or one it descends from. Linux only: elsewhere it throws.
 */
export function markedProcesses(mark: string, procFolder = '/proc'): ProcessInfo[] {
  const all = processes(procFolder);
  const found = new Set(all.filter(({ pid }) => hasMark(procFolder, pid, mark)).map(({ pid }) => pid));
  for (let grown = found.size > 0; grown; ) {
    const children = all.filter(({ pid, parent }) => found.has(parent) && !found.has(pid));
    for (const { pid } of children) found.add(pid);
    grown = children.length > 0;
  }
  for (const pid of ownLine(all)) found.delete(pid);
  return all.filter(({ pid }) => found.has(pid));
}

function processes(procFolder: string): ProcessInfo[] {
  if (!existsSync(`${procFolder}/self/environ`))
    throw new UnavailableError('processes.linux-only', 'marked processes can only be found on Linux', {
      mend: `Look for processes with ${markVariable} in their environment and end them by hand.`,
    });
  return readdirSync(procFolder)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processInfo(procFolder, Number(name)) ?? []);
}

/** Reads /proc/PID/stat; undefined when the process has ended, as a zombie has. */
function processInfo(procFolder: string, pid: number): ProcessInfo | undefined {
  const stat = readOrNothing(`${procFolder}/${pid}/stat`);
  // The command stands in parentheses and may itself hold spaces and parentheses.
  const match = /^\d+ \((?<command>.*)\) (?<state>\S) (?<parent>\d+) (?<rest>.*)$/s.exec(stat)?.groups;
  if (!match || match.state === 'Z' || match.state === 'X') return undefined;
  // proc(5): starttime is field 22; `rest` begins with field 5.
  const startedAt = match.rest?.split(' ')[17] ?? '';
  return { pid, parent: Number(match.parent), startedAt, command: match.command ?? '' };
}

function hasMark(procFolder: string, pid: number, mark: string): boolean {
  return readOrNothing(`${procFolder}/${pid}/environ`).split('\0').includes(`${markVariable}=${mark}`);
}

/** A process that ends while it is read, or that belongs to somebody else, is none of ours. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ownLine(all: readonly ProcessInfo[]): number[] {
  const line = [process.pid];
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; ) {
    pid = all.find((other) => other.pid === pid)?.parent;
    if (pid !== undefined) line.push(pid);
  }
  return line;
}
