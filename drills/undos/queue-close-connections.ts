import { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { closeConnection } from '../../kit/rabbitmq/consumers.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { waitFor } from '../../kit/wait.ts';
import { requireTarget } from '../named-target.ts';
import type { Reverter, UndoOf } from './reverter.ts';

/** Each look and each closing is one answer of a broker that is well. */
const closeLimitMs = 10_000;

const schema = z.strictObject({
  kind: z.literal('rabbitmq.close-connections'),
  target: z.string(),
  /** The name that the client gave its connections. */
  name: z.string(),
});

/**
 * Closes every connection of that name in the target's virtual host. RabbitMQ answers that one is closed when its consumers have
 * gone; it lists it longer, while a client that hangs does not say goodbye.
 */
export const closeConnections: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ target, name }, { targets, fetch, clock = systemClock }, signal) {
    const api = new ManagementApi(requireTarget(targets, target, 'rabbitmq'), fetch);
    const closed = new Set<string>();
    const allClosed = async () => {
      const open = (await connectionsNamed(api, name, signal)).filter((one) => !closed.has(one));
      for (const connection of open) if (await closeConnection(api, connection, name)) closed.add(connection);
      return open.length === 0;
    };
    await waitFor(allClosed, {
      what: `the end of the connections called "${name}" on ${api.address}`,
      timeoutMs: closeLimitMs,
      signal,
      clock,
    });
  },
  byHand({ target, name }, targets) {
    const found = targets[target];
    const where = found?.kind === 'rabbitmq' ? new ManagementApi(found, fetch).address : target;
    return `In the management UI of RabbitMQ at ${where}, Connections: close the one called "${name}" (Force Close).`;
  },
};

const connections = z.array(z.object({ name: z.string(), user_provided_name: z.string().nullish() }));

/**
 * The connections to which their client gave that name. It stands in the broker's statistics alone, which know a connection up to
 * 5 s after it was opened.
 */
export async function connectionsNamed(
  api: ManagementApi,
  name: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const path = `${api.path('vhosts')}/connections?columns=name,user_provided_name`;
  const all = (await api.get(path, connections, signal)) ?? [];
  return all.flatMap((one) => (one.user_provided_name === name ? [one.name] : []));
}
