import { z } from 'zod';
import type { ManagementApi } from './management-api.ts';

const schema = z.array(
  z.object({
    name: z.string(),
    messages_ready: z.number().nullish(),
    messages_unacknowledged: z.number().nullish(),
  }),
);

/** How many messages a queue holds at this moment. */
export interface QueueTotals {
  readonly ready: number;
  /** Delivered, and not yet acknowledged. */
  readonly unacknowledged: number;
}

/** The totals of all queues of the virtual host. Asked for without statistics, they are of now. */
export async function totalsOf(api: ManagementApi, signal?: AbortSignal): Promise<Map<string, QueueTotals>> {
  const columns = 'name,messages_ready,messages_unacknowledged';
  const path = `${api.path('queues')}?disable_stats=true&enable_queue_totals=true&columns=${columns}`;
  const all = (await api.get(path, schema, signal)) ?? [];
  return new Map(
    all.map(({ name, messages_ready, messages_unacknowledged }) => [
      name,
      { ready: messages_ready ?? 0, unacknowledged: messages_unacknowledged ?? 0 },
    ]),
  );
}
