import { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { brokerAddress } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { placesOf, type Route } from '../../kit/rabbitmq/topology.ts';
import { totalsOf } from '../../kit/rabbitmq/totals.ts';
import { lookEverywhere } from '../faults/queue/look-everywhere.ts';
import { markHeader } from '../faults/queue/look-through.ts';
import { requireTarget } from '../named-target.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** Messages that a consumer holds may come back into the queue: looked for again so often, while others hold any. */
const cleanRounds = 4;
const betweenRoundsMs = 250;

const schema = z.strictObject({
  kind: z.literal('rabbitmq.drain-marked'),
  target: z.string(),
  /** How the messages were sent: `''` is the default exchange, whose routing key is the name of a queue. */
  exchange: z.string(),
  routingKey: z.string(),
  /** The value of their header `x-andon-drill`. */
  mark: z.string(),
});
type DrainMarked = UndoOf<typeof schema>;

/**
 * Takes the run's messages out of every queue they were sent to and out of those where its dead letters end, and sees that none is
 * left. Messages of others are given back where they were. What a consumer holds on to is out of reach; it expires.
 */
export const drainMarked: Reverter<DrainMarked> = {
  schema,
  async revert(undo, { targets, fetch, clock = systemClock }, signal) {
    const target = requireTarget(targets, undo.target, 'rabbitmq');
    const api = new ManagementApi(target, fetch);
    for (let clean = 0; clean < cleanRounds; ) {
      const found = await lookEverywhere(target, api, undo, { take: true, clock, signal });
      clean = found.length === 0 ? clean + 1 : 0;
      if (clean === 0) continue;
      const held = await heldByOthers(api, undo, signal);
      if (held === 0) return;
      await clock.sleep(betweenRoundsMs, signal);
    }
  },
  byHand({ target, exchange, routingKey, mark }, targets) {
    const found = targets[target];
    const where = found?.kind === 'rabbitmq' ? brokerAddress(found.url) : target;
    const queues =
      exchange === '' ? `queue ${routingKey}` : `the queues that ${exchange} sends "${routingKey}" to`;
    return `On RabbitMQ at ${where}, take the messages with the header ${markHeader}=${mark} out of ${queues} and out of the queues of their dead letters.`;
  },
};

async function heldByOthers(api: ManagementApi, route: Route, signal: AbortSignal): Promise<number> {
  const places = await placesOf(api, route, signal);
  const totals = await totalsOf(api, signal);
  return places.reduce((sum, { name }) => sum + (totals.get(name)?.unacknowledged ?? 0), 0);
}
