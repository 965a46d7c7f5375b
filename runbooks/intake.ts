import type { Targets } from '../kit/targets.ts';
import type { AlertNotice } from './alert-notice.ts';
import { planRunbook, renderPlan } from './plan.ts';
import { resolveTarget } from './resolve-target.ts';
import type { StoredRun } from './run.ts';
import type { Runbook } from './schema/runbook.ts';
import type { SnapshotSets } from './snapshots/set.ts';
import type { Step } from './step.ts';
import type { NewRun, RunStore } from './store.ts';

/** What deciding about an alert needs to know. */
export interface IntakeDeps {
  store: RunStore;
  runbooks: readonly Runbook[];
  targets: Targets;
  snapshots: SnapshotSets;
  steps: readonly Step[];
}

/**
 * Stores notices of alerts and a run for each runbook that answers one, in one transaction; returns the new runs.
 * The same alert instance again adds nothing, in whatever order its notices come.
 */
export function storeNotices(notices: readonly AlertNotice[], deps: IntakeDeps, now: number): StoredRun[] {
  const { store, runbooks } = deps;
  return store.transaction(() =>
    notices.flatMap((notice) => {
      const resolved = store.noteAlert(notice, now) === 'resolved';
      if (notice.status === 'resolved') return [];
      return runbooks
        .filter((runbook) => answers(runbook, notice))
        .flatMap((runbook) => store.addRun(decide(runbook, notice, resolved, deps, now), now) ?? []);
    }),
  );
}

function answers({ trigger }: Runbook, { labels }: AlertNotice): boolean {
  if (!trigger || labels.alertname !== trigger.alert) return false;
  if (trigger.tier !== undefined && labels.tier !== trigger.tier) return false;
  return Object.entries(trigger.labels).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}

function decide(
  runbook: Runbook,
  notice: AlertNotice,
  resolved: boolean,
  { store, targets, snapshots, steps }: IntakeDeps,
  now: number,
): NewRun {
  const found = resolveTarget(runbook, notice.labels, targets, steps);
  const target = 'problem' in found ? undefined : found.target;
  const verdict = (): Pick<NewRun, 'state' | 'reason'> => {
    if (resolved) return { state: 'refused', reason: 'the alert had resolved before it was delivered' };
    if ('problem' in found) return { state: 'refused', reason: found.problem };
    const hold = store.holds.current(now);
    if (hold) return { state: 'held', reason: `held by ${hold.holder}` };
    if (runbook.mode === 'auto') return { state: 'waiting', reason: '' };
    return { state: 'handed-off', reason: suggestion(runbook, target?.name, { targets, snapshots, steps }) };
  };
  return {
    runbook: runbook.id,
    actor: 'alertmanager',
    alert: notice.labels.alertname ?? '',
    fingerprint: notice.fingerprint,
    startsAt: notice.startsAt,
    labels: notice.labels,
    target: target?.name ?? null,
    lock: lockOf(runbook, target?.name),
    ...verdict(),
  };
}

/** Runs on one target take turns; one without a target takes turns with itself. */
export const lockOf = (runbook: Runbook, target: string | undefined): string =>
  target === undefined ? `runbook ${runbook.id}` : `target ${target}`;

function suggestion(
  runbook: Runbook,
  target: string | undefined,
  deps: Pick<IntakeDeps, 'targets' | 'snapshots' | 'steps'>,
): string {
  try {
    return `a person decides; the plan: ${renderPlan(planRunbook(runbook, { ...deps, target }))}`;
  } catch (error) {
    return `a person decides; there is no plan: ${String(error)}`;
  }
}
