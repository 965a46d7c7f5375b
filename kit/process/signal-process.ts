import { startTimeOf } from '../process-identity.ts';
import type { ProcessInfo } from './process-table.ts';

/** Sends a signal to the very process that was looked at; false when it has ended. Other errors, such as a missing right, are thrown. */
export function signalProcess(
  { pid, startedAt }: Pick<ProcessInfo, 'pid' | 'startedAt'>,
  signal: NodeJS.Signals | 0,
): boolean {
  if (startTimeOf(pid) !== startedAt) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
