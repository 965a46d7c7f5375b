import type { AlertTier } from '../tiers.ts';
import { tierOf } from './alert-tier.ts';
import type { NotifiedAlert } from './message.ts';
import type { Addressees } from './routes.ts';
import type { NotifyStore } from './store.ts';
import type { Notification } from './webhook-body.ts';

/** What deciding about a notification needs to know. */
export interface IntakeDeps {
  readonly store: NotifyStore;
  readonly addressees: (labels: NotifiedAlert['labels'], tier: AlertTier) => Addressees;
  /** Whether this alert is the Watchdog, which people are told of only when it stops. */
  readonly isHeartbeat: (alert: NotifiedAlert) => boolean;
}

/**
 * Stores a notification and what is to be told to whom, all in one transaction: on return it is on the disk.
 * The same notice again adds nothing, in whatever order they come.
 */
export function storeNotification({ alerts, omitted }: Notification, deps: IntakeDeps, now: number): void {
  const { store } = deps;
  store.transaction(() => {
    store.counters.add('omitted', '', omitted);
    // Whoever gets something new of this notification is told once how much was left out of it.
    const toldOfOmitted = new Set<string>();
    for (const alert of alerts) {
      store.counters.add('notices', alert.status);
      if (!deps.isHeartbeat(alert)) storeNotice(alert, { ...deps, omitted, toldOfOmitted }, now);
      else if (alert.status === 'firing') store.facts.set('last-heartbeat', now);
    }
  });
}

type NoticeDeps = IntakeDeps & { readonly omitted: number; readonly toldOfOmitted: Set<string> };

function storeNotice(alert: NotifiedAlert, deps: NoticeDeps, now: number): void {
  const { store } = deps;
  const tier = tierOf(alert.labels);
  const { id, change } = store.occurrences.note(alert, tier, now);
  if (change === 'nothing') return;
  if (change === 'resolved') {
    tellEnd(id, tier, deps, now);
    return;
  }
  tellFiring(id, alert, tier, change === 'fired', deps, now);
  // Its end came before its beginning: both are told, and nobody is waited for.
  if (change === 'fired-and-over') tellEnd(id, tier, deps, now);
}

function tellFiring(
  occurrence: number,
  { labels }: NotifiedAlert,
  tier: AlertTier,
  lasts: boolean,
  deps: NoticeDeps,
  now: number,
): void {
  const { store, addressees } = deps;
  const { receivers, escalate } = addressees(labels, tier);
  if (receivers.length === 0) store.counters.add('unrouted', tier);
  if (lasts && escalate.length > 0) {
    store.occurrences.awaitAcknowledgement(occurrence);
    store.escalations.plan(occurrence, escalate, now);
  }
  for (const receiver of receivers) add(deps, { receiver, occurrence, tier, event: 'firing' }, now);
}

/** Tells the end to everybody who was told of the beginning, or is going to be. */
function tellEnd(occurrence: number, tier: AlertTier, deps: NoticeDeps, now: number): void {
  const { store } = deps;
  store.deliveries.withdrawEscalations(occurrence);
  for (const receiver of store.deliveries.receiversOf(occurrence))
    add(deps, { receiver, occurrence, tier, event: 'resolved' }, now);
}

function add(
  { store, omitted, toldOfOmitted }: NoticeDeps,
  delivery: Parameters<NotifyStore['deliveries']['add']>[0],
  now: number,
): void {
  const { receiver } = delivery;
  store.deliveries.add({ ...delivery, omitted: toldOfOmitted.has(receiver) ? 0 : omitted }, now);
  toldOfOmitted.add(receiver);
}
