import { z } from 'zod';
import { UnavailableError } from '../../../kit/errors.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { placesOf, type QueueFacts, type Route } from '../../../kit/rabbitmq/topology.ts';
import { totalsOf } from '../../../kit/rabbitmq/totals.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { demandAdministrator, demandRights } from './demands.ts';

/** Looking for our messages means to hold all others for a moment: more than this is no moment any more. */
export const mostWaiting = 50_000;

const overview = z.object({ rabbitmq_version: z.string() });

/**
 * Throws unless messages that are sent this way reach a queue, can be found again everywhere they may come to lie, and push no
 * message of others out of there.
 */
export async function demandPlaces(
  api: ManagementApi,
  target: TargetOf<'rabbitmq'>,
  route: Route,
): Promise<void> {
  await demandAdministrator(api);
  const places = await placesOf(api, route);
  if (places.length === 0)
    throw new UnavailableError('queue.no-queue', `${wayOf(route)} leads to no queue on ${api.address}`, {
      mend: `Mend the name in the drill; the virtual host is ${api.virtualHost}.`,
    });
  const version = (await api.get('/api/overview?columns=rabbitmq_version', overview))?.rabbitmq_version ?? '';
  for (const place of places) demandHarmless(place, Number.parseInt(version, 10));
  await demandRights(api, target.url, { exchange: route.exchange, queues: places.map(({ name }) => name) });
  const totals = await totalsOf(api);
  const waiting = places.reduce((sum, { name }) => sum + (totals.get(name)?.ready ?? 0), 0);
  if (waiting > mostWaiting)
    throw new UnavailableError('queue.too-full', `${waiting} messages wait in ${namesOf(places)}`, {
      mend: `The drill would have to hold all of them to find its own: wait until it is fewer than ${mostWaiting}.`,
    });
}

function demandHarmless(queue: QueueFacts, version: number): void {
  const reason = harmTo(queue, version);
  if (reason === undefined) return;
  throw new UnavailableError('queue.unfit', `queue ${queue.name} ${reason}`, {
    mend: 'Choose another queue, or drill on a copy of it.',
  });
}

function harmTo({ type, setting }: QueueFacts, version: number): string | undefined {
  if (type === 'stream') return 'is a stream, from which no message can be taken back';
  if (setting('max-length') !== undefined || setting('max-length-bytes') !== undefined)
    return 'has a maximum length: messages of a drill would push real ones out of it';
  if (setting('single-active-consumer') === true)
    return 'gives its messages to one consumer alone, so that those of a drill could not be taken back';
  // From RabbitMQ 4.0 on every quorum queue has a limit of 20.
  if (type === 'quorum' && (setting('delivery-limit') !== undefined || version >= 4))
    return 'gives a message up after a number of deliveries, and looking for those of a drill counts as one';
  return undefined;
}

const namesOf = (queues: readonly QueueFacts[]): string => queues.map(({ name }) => name).join(', ');

/** A route in words: `queue erp.operations`, `exchange mes.events with routing key "a.b"`. */
export const wayOf = ({ exchange, routingKey }: Route): string =>
  exchange === '' ? `queue ${routingKey}` : `exchange ${exchange} with routing key "${routingKey}"`;
