import type { Step } from '../step.ts';
import { approve } from './approve.ts';
import { dbReleaseLock } from './db-release-lock.ts';
import { diskFree } from './disk-free.ts';
import { http } from './http.ts';
import { notify } from './notify.ts';
import { processRestart } from './process-restart.ts';
import { queueDrain } from './queue-drain.ts';
import { queueReplay } from './queue-replay.ts';
import { queueRestartConsumers } from './queue-restart-consumers.ts';
import { releaseHalt } from './release-halt.ts';
import { releasePromote } from './release-promote.ts';
import { repairDrift } from './repair-drift.ts';
import { repairRevert } from './repair-revert.ts';
import { script } from './script.ts';
import { snapshotRollback } from './snapshot-rollback.ts';
import { sql } from './sql.ts';
import { waitForStep } from './wait-for.ts';

/** Every step that a runbook can name. One line each, sorted by kind. */
export const shippedSteps = [
  approve,
  dbReleaseLock,
  diskFree,
  http,
  notify,
  processRestart,
  queueDrain,
  queueReplay,
  queueRestartConsumers,
  releaseHalt,
  releasePromote,
  repairDrift,
  repairRevert,
  script,
  snapshotRollback,
  sql,
  waitForStep,
] as readonly Step[];
