import type { Clock } from '../../../kit/clock.ts';
import { openAmqp } from '../../../kit/rabbitmq/amqp-session.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { placesOf, type Route } from '../../../kit/rabbitmq/topology.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { lookThrough, type MarkedMessage } from './look-through.ts';

/** A message of the run, and the queue it lay in. */
export interface FoundMessage extends MarkedMessage {
  readonly queue: string;
}

/** Goes through every queue in which messages that were sent this way may lie, and returns the marked ones; takes them if asked to. */
export async function lookEverywhere(
  target: TargetOf<'rabbitmq'>,
  api: ManagementApi,
  { mark, ...route }: Route & { mark: string },
  { take, clock, signal }: { take: boolean; clock: Clock; signal: AbortSignal },
): Promise<FoundMessage[]> {
  const places = await placesOf(api, route, signal);
  if (places.length === 0) return [];
  await using session = await openAmqp(target.url, `${mark} looks for its messages`, clock);
  const found: FoundMessage[] = [];
  for (const { name: queue } of places)
    for (const message of await lookThrough(session, { queue, mark, take }, signal, clock))
      found.push({ ...message, queue });
  return found;
}
