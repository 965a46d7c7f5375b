import { UnavailableError } from '../../../kit/errors.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import type { QueueFacts } from '../../../kit/rabbitmq/topology.ts';
import { totalsOf } from '../../../kit/rabbitmq/totals.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import type { Host } from '../../fault.ts';
import { mostWaiting } from './demand-places.ts';
import { demandAdministrator, demandQueue, demandRights } from './demands.ts';
import { demandConsumers } from './listed-consumers.ts';

/** Throws unless others consume the queue, one more consumer gets its messages, and each of them can be given back. */
export async function demandHangable(
  target: TargetOf<'rabbitmq'>,
  queue: string,
  { fetch, clock }: Pick<Host, 'fetch' | 'clock'>,
): Promise<void> {
  const api = new ManagementApi(target, fetch);
  await demandAdministrator(api);
  const hindrance = hindranceOf(await demandQueue(api, queue));
  if (hindrance !== undefined) throw unfit(queue, hindrance);
  const consumers = await demandConsumers(api, queue, 'Nobody would miss what the fault holds.', clock);
  if (consumers.some(({ exclusive }) => exclusive))
    throw unfit(queue, 'is consumed by one client exclusively, so that nobody else gets a message');
  await demandRights(api, target.url, { queues: [queue] });
  const waiting = (await totalsOf(api)).get(queue)?.ready ?? 0;
  if (waiting > mostWaiting)
    throw new UnavailableError('queue.too-full', `${waiting} messages wait in ${queue}`, {
      mend: `The drill would take all of them at once: wait until it is fewer than ${mostWaiting}.`,
    });
}

const unfit = (queue: string, reason: string): UnavailableError =>
  new UnavailableError('queue.unfit', `queue ${queue} ${reason}`, {
    mend: 'Choose another queue, or let the consuming program itself hang: process.pause.',
  });

function hindranceOf({ type, exclusive, setting }: QueueFacts): string | undefined {
  if (type === 'stream') return 'is a stream, whose messages no consumer keeps from another';
  if (exclusive) return 'belongs to one connection alone';
  if (setting('single-active-consumer') === true)
    return 'gives its messages to one consumer alone, which has the turn already';
  // What is held does not count for the length; given back it does.
  if (setting('max-length') !== undefined || setting('max-length-bytes') !== undefined)
    return 'has a maximum length: messages that are given back would push others out of it';
  if (setting('delivery-limit') !== undefined)
    return 'gives a message up after a number of deliveries, and what the drill holds counts as one';
  return undefined;
}
