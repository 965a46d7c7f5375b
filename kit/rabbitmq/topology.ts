import { z } from 'zod';
import type { ManagementApi } from './management-api.ts';
import { parkingQueues } from './parking.ts';

// An empty list is how Erlang writes an empty object.
const words = z.union([
  z.tuple([]).transform((): Record<string, unknown> => ({})),
  z.record(z.string(), z.unknown()),
]);
const queueSchema = z.object({
  name: z.string(),
  type: z.string().default('classic'),
  // Null of a quorum queue.
  exclusive: z.boolean().nullish(),
  arguments: words.prefault({}),
  effective_policy_definition: words.nullish(),
});
const exchangeSchema = z.object({ type: z.string() });
const bindingsSchema = z.array(
  z.object({
    source: z.string(),
    destination: z.string(),
    destination_type: z.string(),
    routing_key: z.string(),
    arguments: words.prefault({}),
  }),
);
export type Binding = z.output<typeof bindingsSchema>[number];

/** A queue as it was declared. */
export interface QueueFacts {
  readonly name: string;
  readonly type: string;
  /** It belongs to the connection that has declared it. */
  readonly exclusive: boolean;
  /** An argument of the queue counts before a policy: `max-length`, `delivery-limit`, `dead-letter-exchange`. */
  setting(name: string): unknown;
}

/** Where messages are sent: an exchange (`''` is the default one) and a routing key. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
}

/** The queue of that name; undefined where there is none. */
export async function queueFacts(
  api: ManagementApi,
  name: string,
  signal?: AbortSignal,
): Promise<QueueFacts | undefined> {
  const columns = 'name,type,exclusive,arguments,effective_policy_definition';
  const found = await api.get(`${api.path('queues', name)}?columns=${columns}`, queueSchema, signal);
  if (!found) return undefined;
  const { type, exclusive, arguments: args, effective_policy_definition: policy } = found;
  return { name, type, exclusive: exclusive ?? false, setting: (key) => args[`x-${key}`] ?? policy?.[key] };
}

/** The bindings by which a queue gets its messages, without that to the default exchange, which every queue has. */
export async function bindingsOf(
  api: ManagementApi,
  queue: string,
  signal?: AbortSignal,
): Promise<Binding[]> {
  const all = await api.get(`${api.path('queues', queue)}/bindings`, bindingsSchema, signal);
  return (all ?? []).filter(({ source }) => source !== '');
}

/**
 * Every queue in which a message sent this way may lie: those it is routed to, those in which their dead letters end, and so on,
 * and those in which somebody may have put it aside.
 * Throws nothing for what does not exist: there is nothing in it.
 */
export async function placesOf(
  api: ManagementApi,
  route: Route,
  signal?: AbortSignal,
): Promise<QueueFacts[]> {
  const places = new Map<string, QueueFacts>();
  const addQueue = async (name: string): Promise<QueueFacts | undefined> => {
    const queue = await queueFacts(api, name, signal);
    if (queue) places.set(name, queue);
    return queue;
  };
  const visit = async (way: Route): Promise<void> => {
    for (const name of await routed(api, way, signal)) {
      const queue = places.has(name) ? undefined : await addQueue(name);
      if (!queue) continue;
      const exchange = queue.setting('dead-letter-exchange');
      const routingKey = queue.setting('dead-letter-routing-key') ?? way.routingKey;
      if (typeof exchange === 'string') await visit({ exchange, routingKey: String(routingKey) });
    }
  };
  await visit(route);
  if (places.size > 0)
    for (const name of await parkingQueues(api, signal)) if (!places.has(name)) await addQueue(name);
  return [...places.values()];
}

/** The names of the queues that an exchange sends a routing key to, over other exchanges too. */
async function routed(
  api: ManagementApi,
  { exchange, routingKey }: Route,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const queues = new Set<string>();
  const exchanges = new Set<string>([exchange]);
  for (const source of exchanges) {
    if (source === '') {
      queues.add(routingKey);
      continue;
    }
    const at = api.path('exchanges', source);
    const type = (await api.get(`${at}?columns=type`, exchangeSchema, signal))?.type;
    const bindings = type === undefined ? [] : await api.get(`${at}/bindings/source`, bindingsSchema, signal);
    for (const binding of bindings ?? [])
      if (matches(type ?? '', binding.routing_key, routingKey))
        (binding.destination_type === 'queue' ? queues : exchanges).add(binding.destination);
  }
  return queues;
}

/** Whether a binding of an exchange of that type takes a routing key; of types that look elsewhere it is assumed. */
export function matches(type: string, bindingKey: string, routingKey: string): boolean {
  if (type === 'direct') return bindingKey === routingKey;
  return type === 'topic' ? topicMatches(bindingKey.split('.'), routingKey.split('.')) : true;
}

/** `*` stands for one word, `#` for any number of them. */
function topicMatches([pattern, ...patterns]: readonly string[], words: readonly string[]): boolean {
  if (pattern === undefined) return words.length === 0;
  if (pattern === '#')
    return (
      topicMatches(patterns, words) || (words.length > 0 && topicMatches(['#', ...patterns], words.slice(1)))
    );
  const [word, ...rest] = words;
  return word !== undefined && (pattern === '*' || pattern === word) && topicMatches(patterns, rest);
}
