import type { Step } from '../step.ts';
import { approve } from './approve.ts';
import { dbReleaseLock } from './db-release-lock.ts';
import { http } from './http.ts';
import { notify } from './notify.ts';
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
  http,
  notify,
  repairDrift,
  repairRevert,
  script,
  snapshotRollback,
  sql,
  waitForStep,
] as readonly Step[];
