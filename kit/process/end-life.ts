import { waitFor } from '../wait.ts';
import { isLife, type Life, type Service } from './service.ts';

/** How the life of a service is ended. */
export interface Ending {
  /** What asks it to stop; its own orderly way when left out. */
  signal?: NodeJS.Signals;
  /** How long it may take to stop before it is killed. */
  graceMs: number;
}

/** Stopping by SIGKILL takes this long at most: what hangs in the kernel takes longer, and then it is no use to wait. */
const killedMs = 3000;

/** What every restart of a service begins with: asks it to stop, kills it when it has not in time, and returns when that life is over. */
export async function endLife(
  service: Service,
  life: Life,
  ending: Ending,
  signal: AbortSignal,
): Promise<void> {
  if (ending.signal) await service.send(life, ending.signal, signal);
  else await service.askToEnd(life, signal);
  const over = (timeoutMs: number) =>
    waitFor(async () => !(await isLife(service, life, signal)), {
      what: `the end of ${service.name}`,
      timeoutMs,
      everyMs: 20,
      signal,
    });
  try {
    await over(ending.signal === 'SIGKILL' ? killedMs : ending.graceMs);
  } catch (error) {
    signal.throwIfAborted();
    if (ending.signal === 'SIGKILL') throw error;
    await service.send(life, 'SIGKILL', signal);
    await over(killedMs);
  }
}
