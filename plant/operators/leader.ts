import { type Clock, isoTime } from '../../kit/clock.ts';
import { type JobOrder, jobOrdersSchema } from '../mes-api.ts';
import { askMes, type MesAccess } from '../mes-client.ts';
import type { SparseLog } from '../sparse-log.ts';

interface LeaderParts {
  line: string;
  mes: MesAccess;
  clock: Clock;
  log: SparseLog;
  everyMs: number;
  requestTimeoutMs: number;
  signal: AbortSignal;
}

/** The leader of a line passes the quality of its completed orders, at a terminal of the MES itself. */
export async function lead(parts: LeaderParts): Promise<void> {
  const { line, mes, clock, log, everyMs, requestTimeoutMs: timeoutMs, signal } = parts;
  const path = `/job-orders?line=${encodeURIComponent(line)}&state=completed&limit=50`;
  while (!signal.aborted) {
    try {
      const completed = jobOrdersSchema.parse(await askMes(mes, { method: 'GET', path, timeoutMs, signal }));
      for (const order of completed) {
        if (signal.aborted) return;
        // One that cannot be passed does not keep the leader from the next.
        await passQuality(parts, order).catch((error: unknown) =>
          log.failure(`the leader of ${line} cannot pass an order`, error),
        );
      }
    } catch (error) {
      log.failure(`the leader of ${line} cannot work`, error);
    }
    await clock.sleep(everyMs, signal).catch(() => {});
  }
}

async function passQuality(
  { mes, clock, requestTimeoutMs, signal }: LeaderParts,
  { id, version }: JobOrder,
): Promise<void> {
  await askMes(mes, {
    method: 'POST',
    path: `/job-orders/${encodeURIComponent(id)}/commands`,
    key: `${id}-qc_pass-${version}`,
    body: { command: 'qc_pass', expected_version: version, device_ts: isoTime(clock.now()) },
    timeoutMs: requestTimeoutMs,
    signal,
  });
}
