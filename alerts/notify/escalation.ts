import type { NotifyStore } from './store.ts';

/** Tells the next contacts of what nobody has acknowledged in time. All from the store, so a restart forgets nothing. */
export function escalate(store: NotifyStore, now: number): void {
  store.transaction(() => {
    for (const { occurrence: id, receiver, dueAt } of store.escalations.takeDue(now)) {
      const occurrence = store.occurrences.get(id);
      if (occurrence === undefined || occurrence.resolved || occurrence.acknowledged) continue;
      const { tier } = occurrence;
      store.counters.add('escalated', receiver);
      store.deliveries.add({ receiver, occurrence: id, tier, event: 'escalated', step: dueAt }, now);
    }
  });
}

/** Says that somebody has it: nobody else is told. False when somebody had it before, or it is over. */
export function acknowledge(store: NotifyStore, id: number, by: string, now: number): boolean {
  return store.transaction(() => {
    if (!store.occurrences.acknowledge(id, by, now)) return false;
    store.deliveries.withdrawEscalations(id);
    return true;
  });
}
