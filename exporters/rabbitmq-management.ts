import { z } from 'zod';

/** One queue as the broker has it at this moment. */
export interface QueueNow {
  vhost: string;
  name: string;
  /** Not known of a queue that has lost its node. */
  ready: number | undefined;
  unacked: number | undefined;
  consumers: number;
  acked: number;
  redelivered: number;
}

const totals = z.array(
  z.object({
    vhost: z.string(),
    name: z.string(),
    exclusive: z.boolean().optional(),
    messages_ready: z.number().optional(),
    messages_unacknowledged: z.number().optional(),
  }),
);

const consumers = z.array(z.object({ queue: z.object({ vhost: z.string(), name: z.string() }) }));

// Without a number yet the statistics are missing, or an empty list, which is how Erlang writes an empty object.
const messageStats = z
  .union([z.object({ ack: z.number().default(0), redeliver: z.number().default(0) }), z.tuple([])])
  .transform((stats) => ('ack' in stats ? stats : undefined));
const statistics = z.array(
  z.object({ vhost: z.string(), name: z.string(), message_stats: messageStats.optional() }),
);

/**
 * The queues of a broker, by its management API. The usual answer lags 5 to 10 s behind, because it comes from
 * statistics: only the counters are taken from there. Totals without statistics, and the list of consumers, are of now.
 * Exclusive queues come and go with one client and are left out.
 */
export async function queuesNow(
  management: string,
  fetchFrom: typeof fetch,
  signal: AbortSignal,
): Promise<QueueNow[]> {
  const { base, headers } = access(management);
  const get = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> => {
    const response = await fetchFrom(`${base}${path}`, { headers, signal });
    if (!response.ok) throw new Error(`the management API answered ${response.status}`);
    return schema.parse(await response.json());
  };
  const [queues, attached, counted] = await Promise.all([
    get('/api/queues?disable_stats=true&enable_queue_totals=true', totals),
    get('/api/consumers?columns=queue.vhost,queue.name', consumers),
    get('/api/queues?columns=vhost,name,message_stats.ack,message_stats.redeliver', statistics),
  ]);
  const consumersOf = Map.groupBy(attached, ({ queue }) => keyOf(queue));
  const statisticsOf = new Map(counted.map((queue) => [keyOf(queue), queue.message_stats]));
  return queues
    .filter(({ exclusive }) => !exclusive)
    .map((queue) => ({
      vhost: queue.vhost,
      name: queue.name,
      ready: queue.messages_ready,
      unacked: queue.messages_unacknowledged,
      consumers: consumersOf.get(keyOf(queue))?.length ?? 0,
      acked: statisticsOf.get(keyOf(queue))?.ack ?? 0,
      redelivered: statisticsOf.get(keyOf(queue))?.redeliver ?? 0,
    }));
}

const keyOf = ({ vhost, name }: { vhost: string; name: string }): string => JSON.stringify([vhost, name]);

/** fetch refuses a password in an address: it moves into a header. */
function access(management: string): { base: string; headers: Record<string, string> } {
  const url = new URL(management);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const headers: Record<string, string> =
    url.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  url.username = '';
  url.password = '';
  return { base: url.href.replace(/\/$/, ''), headers };
}
