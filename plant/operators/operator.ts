import { type Clock, isoTime } from '../../kit/clock.ts';
import { type JobOrder, jobOrderSchema, type OperationReport } from '../mes-api.ts';
import { askMes, callMes, type MesAccess } from '../mes-client.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Acknowledgement } from './op-sequence.ts';

/** What one simulated operator works with. */
export interface OperatorParts {
  unit: string;
  line: string;
  gateway: MesAccess;
  clock: Clock;
  log: SparseLog;
  /** In op ids and serial numbers: makes them unique over restarts. */
  stamp: string;
  /** The last number that was used at this unit. */
  lastSeq: number;
  cycleMs: number;
  pollMs: number;
  requestTimeoutMs: number;
  signal: AbortSignal;
  onAcknowledged(acknowledgement: Acknowledgement): void;
}

/**
 * An operator at one work unit: takes the order that is there, starts it, reports piece after piece, completes it.
 * What was not acknowledged is handed over again as the same thing, so that numbers have no gaps.
 */
export async function operate(parts: OperatorParts): Promise<void> {
  const { line, clock, log, cycleMs, pollMs, signal } = parts;
  let seq = parts.lastSeq;
  let nextPieceAt = clock.now();
  while (!signal.aborted) {
    try {
      const job = await currentJob(parts);
      if (job?.state === 'dispatched') {
        await command(parts, job, 'start');
        nextPieceAt = clock.now() + cycleMs;
      } else if (job?.state === 'running' && job.reported >= job.quantity)
        await command(parts, job, 'complete');
      else if (job?.state === 'running') {
        await clock.sleep(Math.max(0, nextPieceAt - clock.now()), signal);
        await reportPiece(parts, job, seq + 1);
        seq += 1;
        nextPieceAt = Math.max(nextPieceAt + cycleMs, clock.now());
      } else await clock.sleep(pollMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.failure(`an operator of ${line} cannot work`, error);
      await clock.sleep(pollMs, signal).catch(() => {});
    }
  }
}

async function currentJob({
  gateway,
  unit,
  requestTimeoutMs,
  signal,
}: OperatorParts): Promise<JobOrder | undefined> {
  const path = `/units/${encodeURIComponent(unit)}/job`;
  const { status, body } = await callMes(gateway, {
    method: 'GET',
    path,
    timeoutMs: requestTimeoutMs,
    signal,
  });
  if (status === 200) return jobOrderSchema.parse(body);
  if (status === 404) return undefined;
  throw new Error(`GET ${path} answered ${status}`);
}

async function command(parts: OperatorParts, job: JobOrder, name: 'start' | 'complete'): Promise<void> {
  await askMes(parts.gateway, {
    method: 'POST',
    path: `/job-orders/${encodeURIComponent(job.id)}/commands`,
    key: `${job.id}-${name}-${job.version}`,
    body: {
      command: name,
      expected_version: job.version,
      unit: parts.unit,
      device_ts: isoTime(parts.clock.now()),
    },
    timeoutMs: parts.requestTimeoutMs,
    signal: parts.signal,
  });
}

async function reportPiece(parts: OperatorParts, job: JobOrder, seq: number): Promise<void> {
  const { unit, line, clock, log, stamp, signal } = parts;
  const operation: OperationReport = {
    op_id: `${unit}-${stamp}-${String(seq).padStart(6, '0')}`,
    work_order_id: job.id,
    unit,
    line,
    source: unit,
    seq,
    serial: `${job.product}-${unit}-${stamp}-${seq}`,
    result: resultOf(seq),
    device_ts: isoTime(clock.now()),
    recovered: false,
  };
  while (!(await handOver(parts, operation))) {
    log.failure(`the gateway of ${line} does not take a report`, new Error(operation.op_id));
    await clock.sleep(parts.pollMs, signal);
  }
}

/** True when it was acknowledged, and the acknowledgement recorded. */
async function handOver(parts: OperatorParts, operation: OperationReport): Promise<boolean> {
  const answer = await callMes(parts.gateway, {
    method: 'POST',
    path: '/operations',
    key: operation.op_id,
    body: operation,
    timeoutMs: parts.requestTimeoutMs,
    signal: parts.signal,
  }).catch(() => undefined);
  if (answer === undefined || answer.status >= 300) return false;
  parts.onAcknowledged({
    op: operation.op_id,
    source: operation.source,
    line: operation.line,
    seq: operation.seq,
    serial: operation.serial,
    at: isoTime(parts.clock.now()),
  });
  return true;
}

/** One piece in fifty is scrap, and one in fifty needs rework. */
function resultOf(seq: number): OperationReport['result'] {
  if (seq % 50 === 0) return 'scrap';
  return seq % 50 === 25 ? 'rework' : 'good';
}
