import type { Envelope, SyncMessage } from 'rabbitmq-client';
import { contentOf } from '../../../kit/rabbitmq/raw-bodies.ts';

/** Which step of which run has moved a message: two of the same message with another or the same one are copies of each other. */
export const operationHeader = 'x-andon-operation';

/** A message as it is sent on. */
export interface Copy {
  envelope: Envelope;
  body: Buffer;
}

/**
 * The same message for one queue and for no other, over the default exchange, byte for byte. Three things cannot go with it and
 * stand in a header instead: `CC` would send it to more queues, `userId` may only be one's own, and with its `expiration` a message
 * that waits for a person would vanish.
 */
export function copyFor(
  message: SyncMessage,
  queue: string,
  headers: Readonly<Record<string, string>>,
): Copy {
  const { contentType, body } = contentOf(message);
  const { CC: cc, ...given } = message.headers ?? {};
  const { expiration, userId } = message;
  const set = <T extends object>(values: T) =>
    Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const { contentEncoding, priority, correlationId, replyTo, messageId, type, appId } = message;
  return {
    body,
    envelope: {
      ...set({ contentType, contentEncoding, priority, correlationId, replyTo, messageId, type, appId }),
      // The library would put in the present time: the age of a message is the time of its first publication.
      timestamp: message.timestamp,
      // What waits for a person outlives the broker, even if it would not have before.
      durable: true,
      mandatory: true,
      exchange: '',
      routingKey: queue,
      headers: {
        ...given,
        ...set({ 'x-andon-cc': cc, 'x-andon-expiration': expiration, 'x-andon-user-id': userId }),
        ...headers,
      },
    } as Envelope,
  };
}
