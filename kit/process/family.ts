import { waitFor } from '../wait.ts';
import { type ProcessInfo, processInfo, processTable, treeOf } from './process-table.ts';
import type { Life } from './service.ts';
import { signalProcess } from './signal-process.ts';

/** Children of a killed process are gone at once, unless the kernel is busy for them. */
const killedMs = 3000;

/** What belongs to a process of this computer beside itself: to be asked while it lives, for nobody knows it any more afterwards. */
export const familyOf = ({ pid }: Life): ProcessInfo[] =>
  treeOf(pid, processTable()).filter((one) => one.pid !== pid);

/**
 * Sees that a family ends after its head: an orphan may hold the port, the lock or the memory that the next life needs. Who can
 * hear gets `graceMs` to end by itself, as children do whose pipe to their parent breaks; who stands still is killed at once.
 * Returns how many had to be killed.
 */
export async function endFamily(
  family: readonly ProcessInfo[],
  graceMs: number,
  signal: AbortSignal,
): Promise<number> {
  const left = () =>
    family.flatMap(({ pid, startedAt }) => {
      const now = processInfo(pid);
      return now?.startedAt === startedAt ? [now] : [];
    });
  const kill = (some: readonly ProcessInfo[]) => some.filter((one) => signalProcess(one, 'SIGKILL')).length;
  let killed = kill(left().filter(({ state }) => state === 'T' || state === 't'));
  const gone = (timeoutMs: number) =>
    waitFor(() => left().length === 0, { what: 'the end of its children', timeoutMs, everyMs: 20, signal });
  try {
    await gone(graceMs);
  } catch {
    signal.throwIfAborted();
    killed += kill(left());
    await gone(killedMs);
  }
  return killed;
}
