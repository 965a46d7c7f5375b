import { readFileSync } from 'node:fs';

/**
 * When a process was started, in clock ticks since boot (proc(5), field 22 of stat); undefined when there is no such process.
 * A pid together with this names one process for ever: pids are used again.
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // The state is the first field after the name; a zombie has ended.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether the very process that was noted down is still alive. */
export const isSameProcess = (pid: number, startTime: string | undefined): boolean =>
  startTime !== undefined && startTimeOf(pid) === startTime;
