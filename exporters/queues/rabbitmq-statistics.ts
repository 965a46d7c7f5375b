import { z } from 'zod';
import type { ScrapeRun } from '../collector.ts';
import { type BrokerHttp, HttpAnswer } from './broker-http.ts';
import { queueKey } from './broker-reader.ts';

/** What the broker's statistics say about one queue. It lags a few seconds behind: every process of the broker reports by itself. */
export interface QueueStatistics {
  readonly vhost: string;
  readonly name: string;
  readonly messages: number;
  readonly acked: number;
  readonly redelivered: number;
  /** Messages that left it: acknowledged, or delivered without asking for that. */
  readonly taken: number;
  /** Messages that clients published into it; dead-lettered ones are not among them. */
  readonly published: number;
  readonly oldestMessage: number | undefined;
  /** Where its dead messages go: an exchange, and the routing key where it is replaced. */
  readonly deadLetters: { readonly exchange: string; readonly routingKey: string | undefined } | undefined;
}

// Without a number yet the statistics are missing, or an empty list, which is how Erlang writes an empty object.
const emptyList = z.tuple([]).transform(() => ({}));
const total = z.number().default(0);
const messageStats = z
  .union([emptyList, z.looseObject({})])
  .pipe(z.object({ ack: total, redeliver: total, publish: total, deliver_no_ack: total, get_no_ack: total }));
const words = z.union([emptyList, z.record(z.string(), z.unknown())]);

const answer = z.object({
  page_count: z.number(),
  items: z.array(
    z.object({
      vhost: z.string(),
      name: z.string(),
      messages: total,
      message_stats: messageStats.prefault({}),
      head_message_timestamp: z.number().nullish().catch(undefined),
      arguments: words.prefault({}),
      effective_policy_definition: words.nullish(),
    }),
  ),
});

/** The most that RabbitMQ gives. Reading 500 of 10,000 queues took a RabbitMQ 3.10 0.4 s; all of them at once 4.5 s. */
const pageSize = 500;
const counters = ['ack', 'redeliver', 'publish', 'deliver_no_ack', 'get_no_ack'];
const columns = [
  'vhost,name,messages,head_message_timestamp,arguments,effective_policy_definition',
  ...counters.map((name) => `message_stats.${name}`),
].join(',');

/**
 * The statistics of a broker's queues, read page by page for as long as a scrape has time, and on from there with the
 * next one: with thousands of queues one reading takes longer than a scrape may. Between its turns a queue keeps its last figures.
 */
export class RabbitmqStatistics {
  readonly #http: BrokerHttp;
  readonly #known = new Map<string, QueueStatistics>();
  #page = 1;

  constructor(http: BrokerHttp) {
    this.#http = http;
  }

  /** The last figures of a queue; undefined until its first turn. */
  of(vhost: string, name: string): QueueStatistics | undefined {
    return this.#known.get(queueKey(vhost, name));
  }

  all(): IteratorObject<QueueStatistics> {
    return this.#known.values();
  }

  /** Forgets the queues that are no more. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  /** Reads at least one page, and more while there is time for another as long as the longest so far. */
  async read(run: ScrapeRun, signal: AbortSignal, timeLeftMs: () => number): Promise<void> {
    const first = this.#page;
    let longestMs = 0;
    do {
      const before = timeLeftMs();
      const page = this.#page;
      const count = await run.step(`statistics of queues, page ${page}`, () => this.#readPage(page, signal));
      this.#page = page < count ? page + 1 : 1;
      longestMs = Math.max(longestMs, before - timeLeftMs());
    } while (this.#page !== first && timeLeftMs() > longestMs);
  }

  async #readPage(page: number, signal: AbortSignal): Promise<number> {
    const path = `/api/queues?page=${page}&page_size=${pageSize}&columns=${columns}`;
    const { page_count, items } = answer.parse(
      await this.#http.json(path, signal).catch((error) => {
        // There are fewer queues than a moment ago: it begins anew.
        if (page > 1 && error instanceof HttpAnswer && error.status === 400)
          return { page_count: 0, items: [] };
        throw error;
      }),
    );
    for (const item of items) this.#known.set(queueKey(item.vhost, item.name), statisticsOf(item));
    return page_count;
  }
}

function statisticsOf(item: z.output<typeof answer>['items'][number]): QueueStatistics {
  const { vhost, name, messages, message_stats: stats, head_message_timestamp: head } = item;
  return {
    vhost,
    name,
    messages,
    acked: stats.ack,
    redelivered: stats.redeliver,
    taken: stats.ack + stats.deliver_no_ack + stats.get_no_ack,
    published: stats.publish,
    oldestMessage: head ?? undefined,
    deadLetters: deadLettersOf(item.arguments, item.effective_policy_definition ?? {}),
  };
}

/** An argument of the queue counts before a policy, for each of the two. */
function deadLettersOf(
  args: Record<string, unknown>,
  policy: Record<string, unknown>,
): QueueStatistics['deadLetters'] {
  const exchange = args['x-dead-letter-exchange'] ?? policy['dead-letter-exchange'];
  const routingKey = args['x-dead-letter-routing-key'] ?? policy['dead-letter-routing-key'];
  if (typeof exchange !== 'string') return undefined;
  return { exchange, routingKey: typeof routingKey === 'string' ? routingKey : undefined };
}
