import { ownLine, type ProcessInfo, processTable, readOrNothing } from '../kit/process/process-table.ts';

/** The environment variable by which processes of a drill are found again. */
export const markVariable = 'ANDON_MARK';

/**
 * The processes whose environment holds `ANDON_MARK=<mark>` (or a mark of that form) and all their descendants, whatever these did to theirs;
 * never this process or one it descends from. Linux only: elsewhere it throws.
 */
export function markedProcesses(mark: string | RegExp, procFolder = '/proc'): ProcessInfo[] {
  const all = processTable(procFolder);
  const found = new Set(all.filter(({ pid }) => hasMark(procFolder, pid, mark)).map(({ pid }) => pid));
  for (let grown = found.size > 0; grown; ) {
    const children = all.filter(({ pid, parent }) => found.has(parent) && !found.has(pid));
    for (const { pid } of children) found.add(pid);
    grown = children.length > 0;
  }
  for (const pid of ownLine(all)) found.delete(pid);
  return all.filter(({ pid }) => found.has(pid));
}

/** The mark of a process; undefined where it has none, or has ended. */
export function markOf(pid: number, procFolder = '/proc'): string | undefined {
  const variables = readOrNothing(`${procFolder}/${pid}/environ`).split('\0');
  return variables.find((text) => text.startsWith(`${markVariable}=`))?.slice(markVariable.length + 1);
}

function hasMark(procFolder: string, pid: number, mark: string | RegExp): boolean {
  const found = markOf(pid, procFolder);
  return found !== undefined && (typeof mark === 'string' ? found === mark : mark.test(found));
}
