import type { Channel, SendResult } from '../channel.ts';
import type { Contact } from '../contact.ts';
import type { Message, MessageItem } from '../message.ts';
import type { RateLimit } from '../rate-window.ts';

/** A receiver that remembers what it was told. */
export interface RecordingContact extends Contact {
  /** Every attempt, also those that it did not take. */
  readonly attempts: Message[];
  /** What it took. */
  readonly messages: Message[];
  /** How it answers from now on. */
  answer: (message: Message, signal: AbortSignal) => SendResult | Promise<SendResult>;
}

export const delivered: SendResult = { outcome: 'delivered' };
export const down: SendResult = { outcome: 'retry', reason: 'it is down' };

export function recordingContact(
  name: string,
  limit: RateLimit = { messages: 1000, perMs: 1000 },
): RecordingContact {
  const attempts: Message[] = [];
  const messages: Message[] = [];
  const channel: Channel = {
    limit,
    async send(message, signal) {
      attempts.push(message);
      const result = await contact.answer(message, signal);
      if (result.outcome === 'delivered') messages.push(message);
      return result;
    },
  };
  const contact: RecordingContact = { name, channel, attempts, messages, answer: () => delivered };
  return contact;
}

/** All items that it took, as `event alertname#start`. */
export const toldOf = ({ messages }: RecordingContact): string[] =>
  messages.flatMap(({ items }) => items.map(itemText));

const itemText = ({ event, alert }: MessageItem): string =>
  `${event} ${alert.labels.alertname} ${alert.startsAt.slice(11, 19)}`;
