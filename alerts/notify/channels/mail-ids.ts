import { createHash } from 'node:crypto';
import type { Message } from '../message.ts';

/**
 * Ids by which mail programs put together what belongs together: a repetition of a message is the same mail, and what is
 * said of one occurrence of an alert (it fires, nobody has acknowledged it, it is over) is one conversation.
 */
export function mailIds({ id, items }: Message, from: string): { messageId: string; references?: string } {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const idOf = (kind: string, key: string) =>
    `<${kind}-${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${domain}>`;
  const [only, ...others] = items;
  const messageId = idOf('message', id);
  if (only === undefined || others.length > 0) return { messageId };
  const { fingerprint, startsAt } = only.alert;
  return { messageId, references: idOf('alert', `${fingerprint} ${startsAt}`) };
}
