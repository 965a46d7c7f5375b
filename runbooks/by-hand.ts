import { randomUUID } from 'node:crypto';
import type { Clock } from '../kit/clock.ts';
import { UnavailableError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import type { Targets } from '../kit/targets.ts';
import { waitFor } from '../kit/wait.ts';
import { AuditLog } from './audit.ts';
import type { RunbooksConfig } from './config.ts';
import { executeRun, leaseMs } from './execute-run.ts';
import { lockOf } from './intake.ts';
import { targetByHand } from './plan.ts';
import type { RunRecord, StoredRun } from './run.ts';
import type { Runbook } from './schema/runbook.ts';
import type { Step } from './step.ts';
import { shippedSteps } from './steps/registry.ts';
import { RunStore } from './store.ts';

export interface RunByHand {
  config: Pick<RunbooksConfig, 'store' | 'audit' | 'snapshots'>;
  targets: Targets;
  /** Needed where the runbook takes its target from a label. */
  target?: string | undefined;
  /** Who runs it: for the audit log. */
  actor: string;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  steps?: readonly Step[];
}

/** The longest wait for a run that is under way on the same target; a person looks then what it is doing. */
const turnWithinMs = 60_000;

/**
 * Runs a runbook because a person says so: at once or as soon as the target is free, whatever its mode and cool-down.
 * Only the kill switch keeps it off. The same store, audit log, locks and steps as the service, which may be running.
 */
export async function runRunbook(runbook: Runbook, options: RunByHand): Promise<RunRecord> {
  const { config, targets, actor, clock, log, signal, steps = shippedSteps } = options;
  const target = targetByHand(runbook, options)?.name;
  using store = new RunStore(config.store);
  using audit = new AuditLog(config.audit, clock);
  const now = clock.now();
  const run = {
    ...{ runbook: runbook.id, actor, alert: null, fingerprint: `by-hand-${randomUUID()}`, startsAt: now },
    ...{ labels: {}, target: target ?? null, lock: lockOf(runbook, target) },
  };
  const hold = store.holds.current(now);
  if (hold) {
    const held = store.addRun({ ...run, state: 'held', reason: `held by ${hold.holder}` }, now);
    audit.append('run.stored', { run: held?.id, runbook: run.runbook, actor, target, state: 'held' });
    return recordOf(store, held);
  }
  const owner = randomUUID();
  const takeTurn = () => {
    store.takeInterrupted(clock.now());
    return store.addClaimed(run, owner, clock.now() + leaseMs, clock.now());
  };
  const claimed = await waitFor(takeTurn, {
    what: `${run.lock}, on which another run is under way,`,
    timeoutMs: turnWithinMs,
    signal,
    clock,
  });
  const { snapshots } = config;
  await executeRun(claimed, runbook, { store, audit, targets, snapshots, steps, clock, log, owner }, signal);
  return recordOf(store, claimed);
}

function recordOf(store: RunStore, run: StoredRun | undefined): RunRecord {
  const record = run && store.run(run.id);
  if (!record) throw new UnavailableError('runbook.not-stored', 'the run could not be stored');
  return record;
}
