import type { Step } from '../step.ts';
import { dbReleaseLock } from './db-release-lock.ts';
import { repairDrift } from './repair-drift.ts';
import { repairRevert } from './repair-revert.ts';
import { snapshotRollback } from './snapshot-rollback.ts';

/** Every step that a runbook can name. One line each. */
export const shippedSteps: readonly Step[] = [
  dbReleaseLock,
  repairDrift,
  repairRevert,
  snapshotRollback,
] as readonly Step[];
