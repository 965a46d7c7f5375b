import { isoTime } from '../kit/clock.ts';
import type { RunbookWatch } from './runbook-watch.ts';

/**
 * Who ended a fault before its time, by what the fault says itself. A process that lives again, a right that was given back and
 * messages that were put aside do not tell who did it (`others`): a runbook, where one has been at work since the fault came in.
 */
export async function whoEnded(
  by: string,
  runbooks: Pick<RunbookWatch, 'runs'> | undefined,
  injectedAtMs: number,
): Promise<string> {
  if (by !== 'others' || !runbooks) return by;
  // That the runbook service does not answer must not keep a fault in.
  const runs = await runbooks.runs(isoTime(injectedAtMs)).catch(() => []);
  const isSince = ({ startedAt }: { startedAt: string | null }) =>
    startedAt !== null && Date.parse(startedAt) >= injectedAtMs;
  return runs.some(isSince) ? 'runbook' : by;
}
