import { isSameProcess } from '../kit/process-identity.ts';
import { waitFor } from '../kit/wait.ts';
import { endLeftChildren } from './children-file.ts';
import { readLabFile } from './status.ts';
import { unmountLeftVolume } from './volume.ts';

/** The lab stops some twenty processes in turn. */
const limitMs = 60_000;

/** Asks the lab of that folder to go down and waits until it has. False when none was running; what a dead one left is ended then. */
export async function stopLab(dir: string): Promise<boolean> {
  const file = readLabFile(dir);
  if (!file) return false;
  if (!isSameProcess(file.pid, file.startTime)) {
    await endLeftChildren(dir);
    unmountLeftVolume(dir);
    return false;
  }
  process.kill(file.pid, 'SIGTERM');
  await waitFor(() => !isSameProcess(file.pid, file.startTime), {
    what: 'the end of the lab',
    timeoutMs: limitMs,
  });
  return true;
}
