import type { Clock } from '../../../kit/clock.ts';
import { UnavailableError } from '../../../kit/errors.ts';
import { type Consumer, consumersOf } from '../../../kit/rabbitmq/consumers.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { waitFor } from '../../../kit/wait.ts';

/** RabbitMQ lists a consumer up to 5 s after it has come: one that has come just now is waited for. Twice that, for a busy computer. */
const listedWithinMs = 10_000;

/** The consumers of a queue; throws when RabbitMQ lists none, with `why` it needs one. */
export async function demandConsumers(
  api: ManagementApi,
  queue: string,
  why: string,
  clock: Clock,
): Promise<Consumer[]> {
  let consumers = await consumersOf(api, queue);
  const areListed = async () => {
    consumers = await consumersOf(api, queue);
    return consumers.length > 0;
  };
  const what = `a consumer of ${queue} in the list of ${api.address}`;
  if (consumers.length === 0)
    await waitFor(areListed, { what, timeoutMs: listedWithinMs, everyMs: 500, clock }).catch(() => {});
  if (consumers.length > 0) return consumers;
  throw new UnavailableError('queue.no-consumer', `queue ${queue} on ${api.address} has no consumer`, {
    mend: `${why} Start who consumes it, or mend the name in the drill.`,
  });
}
