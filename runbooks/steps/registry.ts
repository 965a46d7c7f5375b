import type { Step } from '../step.ts';
import { dbReleaseLock } from './db-release-lock.ts';
import { releaseHalt } from './release-halt.ts';
import { releasePromote } from './release-promote.ts';
import { snapshotRollback } from './snapshot-rollback.ts';

/** Every step that a runbook can name. One line each. */
export const shippedSteps: readonly Step[] = [
  dbReleaseLock,
  releaseHalt,
  releasePromote,
  snapshotRollback,
] as readonly Step[];
