import type { SyncMessage } from 'rabbitmq-client';

/** The queue that a dead letter was refused by first; undefined when it does not say. */
export function originOf({ headers }: Pick<SyncMessage, 'headers'>): string | undefined {
  const first: unknown = headers?.['x-first-death-queue'];
  if (typeof first === 'string' && first !== '') return first;
  const deaths: unknown = headers?.['x-death'];
  // The newest death stands first.
  const oldest: unknown = Array.isArray(deaths) ? deaths.at(-1) : undefined;
  const queue = (oldest as { queue?: unknown } | undefined)?.queue;
  return typeof queue === 'string' && queue !== '' ? queue : undefined;
}
