import { z } from 'zod';
import type { BrokerHttp } from './broker-http.ts';
import { queueKey } from './broker-reader.ts';
import type { QueueStatistics } from './rabbitmq-statistics.ts';

const exchanges = z.array(z.object({ vhost: z.string(), name: z.string(), type: z.string() }));
const bindings = z.array(
  z.object({
    vhost: z.string(),
    source: z.string(),
    destination: z.string(),
    destination_type: z.string(),
    routing_key: z.string(),
  }),
);

/** The exchanges of a broker and what is bound to them. */
export interface Topology {
  readonly exchanges: z.output<typeof exchanges>;
  readonly bindings: z.output<typeof bindings>;
}

/** Two requests; at 10,000 bindings 0.5 s. */
export async function readTopology(http: BrokerHttp, signal: AbortSignal): Promise<Topology> {
  const [kinds, bound] = await Promise.all([
    http.json('/api/exchanges?columns=vhost,name,type', signal),
    http.json('/api/bindings?columns=vhost,source,destination,destination_type,routing_key', signal),
  ]);
  return { exchanges: exchanges.parse(kinds), bindings: bindings.parse(bound) };
}

type DeadLetteringQueue = Pick<QueueStatistics, 'vhost' | 'name' | 'deadLetters'>;

/**
 * The queues that dead messages of these queues go to. Without a routing key of its own a queue sends them on with those
 * of the messages, which nobody knows beforehand: then it may be any queue of that exchange. Exchanges bound to exchanges are not followed.
 */
export function deadLetterQueues(queues: Iterable<DeadLetteringQueue>, topology: Topology): Set<string> {
  const typeOf = new Map(topology.exchanges.map(({ vhost, name, type }) => [queueKey(vhost, name), type]));
  const boundTo = Map.groupBy(
    topology.bindings.filter(({ destination_type }) => destination_type === 'queue'),
    ({ vhost, source }) => queueKey(vhost, source),
  );
  const found = new Set<string>();
  for (const { vhost, deadLetters } of queues) {
    if (deadLetters === undefined) continue;
    const { exchange, routingKey } = deadLetters;
    if (exchange === '' && routingKey !== undefined) found.add(queueKey(vhost, routingKey));
    if (exchange === '') continue;
    const matches = matcher(typeOf.get(queueKey(vhost, exchange)), routingKey);
    for (const binding of boundTo.get(queueKey(vhost, exchange)) ?? [])
      if (matches(binding.routing_key)) found.add(queueKey(vhost, binding.destination));
  }
  return found;
}

function matcher(type: string | undefined, key: string | undefined): (bindingKey: string) => boolean {
  if (key === undefined) return () => true;
  if (type === 'direct') return (bindingKey) => bindingKey === key;
  const words = key.split('.');
  return type === 'topic' ? (pattern) => matchesTopic(pattern.split('.'), words) : () => true;
}

/** `*` stands for one word, `#` for any number of them. */
function matchesTopic(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#')
    return matchesTopic(rest, words) || (words.length > 0 && matchesTopic(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && matchesTopic(rest, words.slice(1));
}
