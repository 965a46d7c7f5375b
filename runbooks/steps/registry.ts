import type { Step } from '../step.ts';
import { dbReleaseLock } from './db-release-lock.ts';
import { diskFree } from './disk-free.ts';
import { processRestart } from './process-restart.ts';
import { queueDrain } from './queue-drain.ts';
import { queueReplay } from './queue-replay.ts';
import { queueRestartConsumers } from './queue-restart-consumers.ts';
import { snapshotRollback } from './snapshot-rollback.ts';

/** Every step that a runbook can name. One line each. */
export const shippedSteps: readonly Step[] = [
  dbReleaseLock,
  diskFree,
  processRestart,
  queueDrain,
  queueReplay,
  queueRestartConsumers,
  snapshotRollback,
] as readonly Step[];
