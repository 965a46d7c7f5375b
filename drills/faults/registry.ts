import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { Fault } from '../fault.ts';
import { dataDrift } from './data-drift.ts';
import { dbConnections } from './db-connections.ts';
import { dbDeadlocks } from './db-deadlocks.ts';
import { dbLock } from './db-lock.ts';
import { dbLongTransaction } from './db-long-transaction.ts';
import { dbReadOnly } from './db-read-only.ts';
import { dbRestart } from './db-restart.ts';
import { dbSlow } from './db-slow.ts';
import { deviceSilence } from './device-silence.ts';
import { hostCpu } from './host-cpu.ts';
import { hostDisk } from './host-disk.ts';
import { hostMemory } from './host-memory.ts';
import { hostOldLogs } from './host-old-logs.ts';
import { httpFail } from './http-fail.ts';
import { lineOffline } from './line-offline.ts';
import { load } from './load.ts';
import { networkBandwidth } from './network-bandwidth.ts';
import { networkCut } from './network-cut.ts';
import { networkFlap } from './network-flap.ts';
import { networkLatency } from './network-latency.ts';
import { networkLoss } from './network-loss.ts';
import { processKill } from './process-kill.ts';
import { processPause } from './process-pause.ts';
import { processRestart } from './process-restart.ts';
import { queueConsumerHangs } from './queue-consumer-hangs.ts';
import { queueConsumersGone } from './queue-consumers-gone.ts';
import { queueFlood } from './queue-flood.ts';
import { queuePoison } from './queue-poison.ts';
import { queueUnavailable } from './queue-unavailable.ts';
import { releaseBad } from './release-bad.ts';

/** Every fault there is. A new one is one file in this folder and one line here. */
export const faults: readonly Fault[] = [
  dataDrift,
  dbConnections,
  dbDeadlocks,
  dbLock,
  dbLongTransaction,
  dbReadOnly,
  dbRestart,
  dbSlow,
  deviceSilence,
  hostCpu,
  hostDisk,
  hostMemory,
  hostOldLogs,
  httpFail,
  lineOffline,
  load,
  networkBandwidth,
  networkCut,
  networkFlap,
  networkLatency,
  networkLoss,
  processKill,
  processPause,
  processRestart,
  queueConsumerHangs,
  queueConsumersGone,
  queueFlood,
  queuePoison,
  queueUnavailable,
  releaseBad,
];

/** The fault of that kind; throws UsageError when there is none. */
export function faultOf(kind: string): Fault {
  const fault = faults.find((known) => known.kind === kind);
  if (fault) return fault;
  const kinds = faults.map((known) => known.kind);
  const near = closest(kind, kinds);
  throw new UsageError('fault.unknown', `no fault is called "${kind}"`, {
    mend: near ? `Did you mean "${near}"?` : `There are: ${kinds.join(', ')}`,
  });
}
