import { z } from 'zod';
import type { ManagementApi } from './management-api.ts';

// A consumer of which there are no statistics yet has an empty list, which is how Erlang writes an empty object.
const consumers = z.array(
  z.object({
    queue: z.object({ name: z.string() }),
    exclusive: z.boolean(),
    channel_details: z.union([
      z.tuple([]).transform(() => undefined),
      z.object({ connection_name: z.string(), user: z.string() }),
    ]),
  }),
);

/** Who consumes a queue: a connection, and as which user. An exclusive one allows no other beside it. */
export interface Consumer {
  readonly connection: string;
  readonly user: string;
  readonly exclusive: boolean;
}

/** The consumers of a queue. Whoever has begun only now is missing: RabbitMQ 3.10 lists consumers up to 5 s late. */
export async function consumersOf(
  api: ManagementApi,
  queue: string,
  signal?: AbortSignal,
): Promise<Consumer[]> {
  const columns = 'queue.name,exclusive,channel_details.connection_name,channel_details.user';
  const all = (await api.get(`${api.path('consumers')}?columns=${columns}`, consumers, signal)) ?? [];
  return all.flatMap(({ queue: { name }, exclusive, channel_details: details }) =>
    name === queue && details ? [{ connection: details.connection_name, user: details.user, exclusive }] : [],
  );
}

/** Whether a connection was there to be closed. RabbitMQ can close one only once its statistics know it. */
export const closeConnection = (api: ManagementApi, name: string, mark: string): Promise<boolean> =>
  api.delete(`/api/connections/${encodeURIComponent(name)}`, `closed by ${mark}`);
