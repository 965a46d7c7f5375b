import { z } from 'zod';
import { brokerAddress, openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { parkingQueue } from '../../kit/rabbitmq/parking.ts';
import { queueFacts } from '../../kit/rabbitmq/topology.ts';
import { type Step, targetOfKind, untouched } from '../step.ts';
import { operationHeader } from './queue/copy-message.ts';
import { moveMessages, sum } from './queue/move-messages.ts';
import { makeParking, whyNoParking } from './queue/prepare-parking.ts';

const params = z
  .strictObject({
    queue: z.string().min(1),
    /** Where they wait for a person; made if it is not there. */
    to: parkingQueue,
    /** So many at most. */
    max: z.int().min(1).max(100_000).default(1000),
  })
  .refine(({ queue, to }) => queue !== to, { message: 'must be another queue', path: ['to'] });
type Params = z.output<typeof params>;

/** Puts the messages of a queue aside, oldest first, so that what comes after them gets through; none is deleted. */
export const queueDrain: Step<Params> = {
  kind: 'queue.drain',
  summary: 'put messages of a RabbitMQ queue aside in a parking queue',
  params,
  targets: ['rabbitmq'],
  // The second time it would be the next messages.
  repeatable: () => false,
  plan({ queue, to, max }, world) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    return [
      {
        does: `move up to ${max} messages from ${queue} to ${to} (durable; made if it is not there), oldest first, each acknowledged only after the broker has confirmed its copy`,
        on: `${name} (${brokerAddress(target.url)})`,
        undo: `they wait in ${to} until somebody moves them back; the systems behind ${queue} get them late and out of order, or twice if this is killed halfway`,
      },
    ];
  },
  async run({ queue, to, max }, world, signal) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    const api = new ManagementApi(target, world.fetch);
    const facts = await queueFacts(api, queue, signal);
    if (!facts) return untouched('failed', `${name} has no queue ${queue}`);
    if (facts.type === 'stream')
      return untouched('refused', `${queue} is a stream, from which no message can be taken`);
    const reason = await whyNoParking(api, to, signal);
    if (reason !== undefined) return untouched('refused', reason);
    await using session = await openAmqp(target.url, world.operation, world.clock);
    signal.throwIfAborted();
    await makeParking(session, to);
    const { operation, clock } = world;
    const move = { from: queue, most: max, operation, verdict: () => ({ to }) };
    const { moved } = await moveMessages(session, move, { clock, signal });
    const count = sum(moved);
    const details = { moved: count, from: queue, to, mark: `${operationHeader}: ${operation}#1…${count}` };
    if (count === 0) return untouched('succeeded', `no message waits in ${queue}`, details);
    const summary = `${count} messages of ${queue} wait in ${to} now`;
    return { outcome: 'succeeded', summary, touched: count, details };
  },
};
