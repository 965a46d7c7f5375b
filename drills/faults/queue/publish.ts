import type { Channel, Envelope } from 'rabbitmq-client';
import type { Clock } from '../../../kit/clock.ts';
import { UnavailableError } from '../../../kit/errors.ts';
import type { Route } from '../../../kit/rabbitmq/topology.ts';
import { leaseMs } from '../../lease.ts';
import { markHeader } from './look-through.ts';

/** A message as it is sent: its properties (content type, headers, …), and its body as bytes. */
export interface Message {
  readonly properties: Omit<Envelope, 'exchange' | 'routingKey'>;
  readonly body: Buffer;
}

/** Sends a message with the run's mark; resolves when the broker has taken it. On a channel in confirm mode. */
export const publish = (
  channel: Channel,
  route: Route,
  mark: string,
  { properties, body }: Message,
): Promise<void> =>
  channel.basicPublish(
    { ...properties, ...route, headers: { ...properties.headers, [markHeader]: mark } },
    body,
  );

/** The `expiration` of a message that nobody needs a lease's length after `end`: milliseconds from now, as text. */
export const expirationOf = (end: number, clock: Clock): string =>
  String(Math.max(0, end - clock.now()) + leaseMs);

/** For a broker that says it has an alarm. */
export const alarmed = (alarm: string): UnavailableError =>
  new UnavailableError('queue.alarm', alarm, {
    mend: 'The broker takes no messages until the alarm is over: give it memory or disk first.',
  });
