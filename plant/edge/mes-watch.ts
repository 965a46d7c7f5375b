import { type Clock, isoTime } from '../../kit/clock.ts';
import { type JobOrder, jobOrdersSchema } from '../mes-api.ts';
import { askMes, callMes, type MesAccess } from '../mes-client.ts';
import type { Line } from '../settings.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Jobs } from './jobs.ts';
import type { Silences } from './silences.ts';

/** What the gateway's steady exchange with the MES works with. */
export interface WatchParts {
  line: Line;
  mes: MesAccess;
  clock: Clock;
  log: SparseLog;
  requestTimeoutMs: number;
}

/** A MES that does not answer is asked less often: each unanswered question holds one of its connections. */
const pauseAfterFailure = 5;

/** Keeps the units' orders as the MES knows them, except where something is still on its way there. */
export async function watchJobs(
  { line, mes, clock, log, requestTimeoutMs }: WatchParts,
  { jobs, everyMs, waits }: { jobs: Jobs; everyMs: number; waits: (source: string) => boolean },
  signal: AbortSignal,
): Promise<void> {
  const path = `/job-orders?line=${encodeURIComponent(line.id)}&state=dispatched,running,paused`;
  while (!signal.aborted) {
    let pause = everyMs;
    try {
      const moment = jobs.moment();
      const answer = await askMes(mes, { method: 'GET', path, timeoutMs: requestTimeoutMs, signal });
      const byUnit = new Map<string | null, JobOrder>(
        jobOrdersSchema.parse(answer).map((order) => [order.unit, order]),
      );
      for (const { id } of line.units) if (!waits(id)) jobs.seen(id, byUnit.get(id), moment);
    } catch (error) {
      log.failure('the orders cannot be read', error);
      pause *= pauseAfterFailure;
    }
    await clock.sleep(pause, signal).catch(() => {});
  }
}

/** Tells the MES regularly that the devices live. A heartbeat that fails is not repeated: the next one is newer. */
export async function sendHeartbeats(
  { line, mes, clock, log, requestTimeoutMs }: WatchParts,
  { jobs, silences, everyMs }: { jobs: Jobs; silences: Silences; everyMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const at = isoTime(clock.now());
    const devices = line.units.flatMap(({ id: unit, devices }) => {
      const state = jobs.get(unit)?.state === 'running' ? 'executing' : 'not_executing';
      return silences.heard(devices).map((id) => ({ id, at, state }));
    });
    const body = { line: line.id, devices };
    const call = { method: 'POST', path: '/heartbeats', body, timeoutMs: requestTimeoutMs, signal } as const;
    if (devices.length > 0)
      await askMes(mes, call).catch((error: unknown) =>
        log.failure('a heartbeat did not get through', error),
      );
    await clock.sleep(everyMs, signal).catch(() => {});
  }
}

/** Resolves when the MES says that it is ready; however many wait, one asks. */
export function readinessOf(
  { mes, clock, requestTimeoutMs }: WatchParts,
  everyMs: number,
): (signal: AbortSignal) => Promise<void> {
  let asking: Promise<void> | undefined;
  const ask = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const answer = await callMes(mes, {
        method: 'GET',
        path: '/-/ready',
        timeoutMs: requestTimeoutMs,
        signal,
      }).catch(() => undefined);
      if (answer?.status === 200) return;
      await clock.sleep(everyMs, signal);
    }
  };
  return (signal) => {
    asking ??= ask(signal).finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
