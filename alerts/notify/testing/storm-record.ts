import type { AlertTier } from '../../tiers.ts';
import type { Message } from '../message.ts';

/** One attempt as its receiver saw it. */
export interface SeenAttempt {
  /** Milliseconds of one clock, the same for everything in the record. */
  readonly at: number;
  readonly id: string;
  readonly tier: AlertTier;
  /** `event fingerprint` of each item. */
  readonly items: readonly string[];
  /** Whether the receiver took it, even if it never came to say so. */
  readonly taken: boolean;
}

export const itemsOf = ({ items }: Message): string[] =>
  items.map(({ event, alert }) => `${event} ${alert.fingerprint}`);

/** Items that the receiver was never told. */
export function lostItems(seen: readonly SeenAttempt[], expected: readonly string[]): string[] {
  const told = new Set(seen.filter(({ taken }) => taken).flatMap(({ items }) => items));
  return expected.filter((item) => !told.has(item));
}

/** Each time that the receiver took a message it had before, and items that reached it in two different messages. */
export function repetitions(seen: readonly SeenAttempt[]): { messages: string[]; items: string[] } {
  const messages: string[] = [];
  const items: string[] = [];
  const messageOf = new Map<string, string>();
  const ids = new Set<string>();
  for (const attempt of seen.filter(({ taken }) => taken)) {
    if (ids.has(attempt.id)) messages.push(attempt.id);
    ids.add(attempt.id);
    for (const item of attempt.items) {
      if ((messageOf.get(item) ?? attempt.id) !== attempt.id) items.push(item);
      messageOf.set(item, attempt.id);
    }
  }
  return { messages, items };
}

/**
 * Attempts at B or C that went out although an A had been accepted before. What an attempt carries is decided after the attempt
 * before it, so an A that was accepted earlier than that one must have been taken already.
 */
export function overtaken(seen: readonly SeenAttempt[], acceptedAt: ReadonlyMap<string, number>): string[] {
  const waiting = [...acceptedAt].toSorted(([, a], [, b]) => a - b);
  const told = new Set<string>();
  const found: string[] = [];
  let previousAt = Number.NEGATIVE_INFINITY;
  for (const { at, id, tier, items, taken } of seen) {
    while (waiting[0] && told.has(waiting[0][0])) waiting.shift();
    const late = waiting.find(([item, accepted]) => accepted < previousAt && !told.has(item));
    if (tier !== 'A' && late) found.push(`${id} (${tier}) went before ${late[0]}`);
    if (taken) for (const item of items) told.add(item);
    previousAt = at;
  }
  return found;
}
