import { z } from 'zod';
import type { ManagementApi } from './management-api.ts';

/** By this end of their names alerts, drills and people know the queues in which messages wait for a person. */
export const parkedSuffix = '.parked';

/** The name of a queue in which messages are put aside. */
export const parkingQueue = z
  .string()
  .max(255)
  .refine((name) => name.endsWith(parkedSuffix) && name.length > parkedSuffix.length, {
    message: `must end with ${parkedSuffix}, by which alerts and people know that nobody consumes it`,
  });

const queues = z.array(z.object({ name: z.string() }));

/** The names of all parking queues of the virtual host. */
export async function parkingQueues(api: ManagementApi, signal?: AbortSignal): Promise<string[]> {
  const path = `${api.path('queues')}?disable_stats=true&columns=name`;
  const all = (await api.get(path, queues, signal)) ?? [];
  return all.map(({ name }) => name).filter((name) => name.endsWith(parkedSuffix));
}
