import type { Clock } from '../../kit/clock.ts';
import type { AuditLog } from '../audit/audit.ts';
import { askedKey, tellOver, tellPeople } from '../people/hand-off.ts';
import { hashOfPlan, type PlanDeps, planRunbook, renderPlan } from '../plan.ts';
import type { Runbook } from '../schema/runbook.ts';
import type { StoredRun } from '../store/run.ts';
import type { RunStore } from '../store/store.ts';
import type { AlertNotice } from './alert-notice.ts';
import { decide, type Occasion } from './decide.ts';

/** What deciding about an alert needs to know. */
export interface IntakeDeps extends PlanDeps {
  store: RunStore;
  audit: AuditLog;
  runbooks: readonly Runbook[];
  /** Whether a shift works at that moment. */
  inShift(at: number): boolean;
  clock: Clock;
}

/**
 * Stores notices of alerts and a run for each runbook that answers one, in one transaction; returns the new runs.
 * The same alert instance again adds nothing, in whatever order its notices come.
 */
export const storeNotices = (notices: readonly AlertNotice[], deps: IntakeDeps, now: number): StoredRun[] =>
  deps.store.transaction(() => addNotices(notices, deps, now));

/** The same within a transaction of the caller. */
export function addNotices(notices: readonly AlertNotice[], deps: IntakeDeps, now: number): StoredRun[] {
  const { store, runbooks } = deps;
  return notices.flatMap((notice) => {
    const resolved = store.alerts.note(notice, now) === 'resolved';
    const answering = runbooks.filter((runbook) => answers(runbook, notice));
    if (notice.status === 'resolved') {
      for (const { id } of answering) tellResolved(store, id, notice, now);
      return [];
    }
    const occasion: Occasion = {
      ...{ actor: 'alertmanager', alert: notice.labels.alertname ?? '', labels: notice.labels, resolved },
      ...{ fingerprint: notice.fingerprint, startsAt: notice.startsAt },
    };
    return answering.flatMap((runbook) => storeRun(runbook, occasion, deps, now) ?? []);
  });
}

/** A person who was told to look need not any more: the alert is over, and nothing was begun that might be half done. */
function tellResolved(store: RunStore, runbook: string, notice: AlertNotice, now: number): void {
  const run = store.look.idOf(runbook, notice);
  if (run !== undefined && store.steps.of(run).every(({ touched }) => touched === 0))
    tellOver(store, run, 'ended', now);
}

/** Stores the runs that something other than an alert has begun: the clock, or another program. */
export const storeOccasion = (
  runbooks: readonly Runbook[],
  occasion: Occasion,
  deps: IntakeDeps,
  now: number,
): StoredRun[] => deps.store.transaction(() => addOccasion(runbooks, occasion, deps, now));

/** The same within a transaction of the caller. */
export const addOccasion = (
  runbooks: readonly Runbook[],
  occasion: Occasion,
  deps: IntakeDeps,
  now: number,
): StoredRun[] => runbooks.flatMap((runbook) => storeRun(runbook, occasion, deps, now) ?? []);

function answers({ triggers }: Runbook, { labels }: AlertNotice): boolean {
  return triggers.some(({ alert, tier, labels: wanted }) => {
    if (alert === undefined || labels.alertname !== alert || (tier !== undefined && labels.tier !== tier))
      return false;
    return Object.entries(wanted).every(
      ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
    );
  });
}

/** Inside of a transaction: the run, its question to people and the message about it are stored together or not at all. */
function storeRun(
  runbook: Runbook,
  occasion: Occasion,
  deps: IntakeDeps,
  now: number,
): StoredRun | undefined {
  const { store } = deps;
  if (store.look.hasRun(runbook.id, occasion)) return undefined;
  const run = store.addRun(decide(runbook, occasion, deps, now), now);
  if (run?.state === 'awaiting-approval') ask(run, runbook, store, now);
  if (run?.state === 'handed-off') {
    const title = `${runbook.id}: a person decides`;
    tellPeople(store, run.id, { kind: 'ended', key: 'ended', title, text: run.reason }, now);
  }
  return run;
}

/** Asks people about a whole run. */
export function ask(run: StoredRun, runbook: Runbook, store: RunStore, now: number): void {
  const { roles, expires } = runbook.approval;
  const question = `${runbook.title}?`;
  store.approvals.ask({
    ...{ runId: run.id, position: 0, question, planHash: run.planHash, requester: run.actor, roles },
    ...{ requestedAt: now, expiresAt: now + expires },
  });
  const title = `${runbook.id} waits for your approval`;
  tellPeople(
    store,
    run.id,
    { kind: 'approval', key: askedKey(0), title, text: `${question} ${run.reason}` },
    now,
  );
}

/** The plan of a run as text and as hash; of one that cannot be planned the reason. */
export function planned(
  runbook: Runbook,
  subject: Parameters<typeof planRunbook>[1],
  deps: PlanDeps,
): { plan: string; planHash: string } | { problem: string } {
  try {
    const plan = planRunbook(runbook, subject, deps);
    return { plan: renderPlan(plan), planHash: hashOfPlan(plan, runbook) };
  } catch (error) {
    return { problem: `there is no plan: ${String(error)}` };
  }
}
