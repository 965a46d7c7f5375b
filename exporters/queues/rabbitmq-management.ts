import { z } from 'zod';
import type { Clock } from '../../kit/clock.ts';
import type { ScrapeRun } from '../collector.ts';
import { type BrokerHttp, brokerHttp } from './broker-http.ts';
import {
  type BrokerNow,
  type BrokerReader,
  type DeadLettered,
  type QueueNow,
  queueKey,
} from './broker-reader.ts';
import { canaryQueue } from './canary.ts';
import { DeadLetterArrivals } from './dead-letter-arrivals.ts';
import { deadLetterQueues, readTopology, type Topology } from './dead-letter-queues.ts';
import { RabbitmqStatistics } from './rabbitmq-statistics.ts';

const totals = z.array(
  z.object({
    vhost: z.string(),
    name: z.string(),
    // Null of a quorum queue; no numbers of a stream, or of a queue that has lost its node.
    exclusive: z.boolean().nullish(),
    messages_ready: z.number().nullish(),
    messages_unacknowledged: z.number().nullish(),
  }),
);
const consumers = z.array(z.object({ queue: z.object({ vhost: z.string(), name: z.string() }) }));

/** Left of a scrape when reading ends, so that what was read is published even if the statistics are slow. */
const reserveMs = 300;
/** Exchanges and bindings change with releases, not with messages. */
const topologyEveryMs = 60_000;

/**
 * The queues of a broker, by its management API. Its usual answer lags 5 to 10 s behind, because it comes from
 * statistics: only the counters are taken from there. Totals without statistics, and the list of consumers, are of now.
 * Exclusive queues come and go with one client and are left out; so are those of canaries.
 */
export class ManagementReader implements BrokerReader {
  readonly #http: BrokerHttp;
  readonly #clock: Clock;
  readonly #statistics: RabbitmqStatistics;
  readonly #arrivals = new DeadLetterArrivals();
  #topology: (Topology & { readonly at: number }) | undefined;

  constructor(address: string, fetchFrom: typeof fetch, clock: Clock) {
    this.#http = brokerHttp('the management API', address, fetchFrom);
    this.#clock = clock;
    this.#statistics = new RabbitmqStatistics(this.#http);
  }

  async read(run: ScrapeRun): Promise<BrokerNow> {
    const [queues, attached] = await Promise.all([
      run.step('totals of queues', () => this.#get(totalsPath, totals, run.signal)),
      run.step('consumers', () => this.#get(consumersPath, consumers, run.signal)),
    ]);
    const lasting = queues.filter(({ name, exclusive }) => !exclusive && !name.startsWith(`${canaryQueue}.`));
    this.#statistics.keep(new Set(lasting.map(({ vhost, name }) => queueKey(vhost, name))));
    const failure = await this.#readSlowly(run).catch((error: unknown) => ({ error }));
    const consumersOf = Map.groupBy(attached, ({ queue }) => queueKey(queue.vhost, queue.name));
    return {
      queues: lasting.map((queue) => this.#queueNow(queue, consumersOf)),
      deadLettered: this.#deadLettered(),
      ...(failure === undefined ? {} : { failure: failure.error }),
    };
  }

  async #readSlowly(run: ScrapeRun): Promise<undefined> {
    const timeLeftMs = () => run.remainingMs() - reserveMs;
    const signal = AbortSignal.any([run.signal, AbortSignal.timeout(Math.max(1, Math.floor(timeLeftMs())))]);
    await this.#statistics.read(run, signal, timeLeftMs);
    const now = this.#clock.now();
    const isDue = this.#topology === undefined || now - this.#topology.at >= topologyEveryMs;
    const someDie = this.#statistics.all().some(({ deadLetters }) => deadLetters !== undefined);
    if (!isDue || !someDie) return undefined;
    const topology = await run.step('exchanges and bindings', () => readTopology(this.#http, signal));
    this.#topology = { ...topology, at: now };
    return undefined;
  }

  #queueNow(
    { vhost, name, messages_ready, messages_unacknowledged }: z.output<typeof totals>[number],
    consumersOf: ReadonlyMap<string, readonly unknown[]>,
  ): QueueNow {
    const statistics = this.#statistics.of(vhost, name);
    return {
      vhost,
      name,
      ready: messages_ready ?? undefined,
      unacked: messages_unacknowledged ?? undefined,
      consumers: consumersOf.get(queueKey(vhost, name))?.length ?? 0,
      acked: statistics?.acked,
      redelivered: statistics?.redelivered,
      // The message that the statistics mean has gone when nothing waits any more.
      oldestMessage: messages_ready === 0 ? undefined : statistics?.oldestMessage,
    };
  }

  #deadLettered(): DeadLettered[] {
    if (this.#topology === undefined) return [];
    const dead = deadLetterQueues(this.#statistics.all(), this.#topology);
    this.#arrivals.keep(dead);
    return [...this.#statistics.all()].flatMap((queue) => {
      const key = queueKey(queue.vhost, queue.name);
      const total = dead.has(key) ? this.#arrivals.total(key, queue, this.#clock.now()) : undefined;
      return total === undefined ? [] : [{ vhost: queue.vhost, queue: queue.name, total }];
    });
  }

  async #get<S extends z.ZodType>(path: string, schema: S, signal: AbortSignal): Promise<z.output<S>> {
    const answer = schema.safeParse(await this.#http.json(path, signal));
    if (answer.success) return answer.data;
    const [issue] = answer.error.issues;
    throw new Error(
      `${this.#http.what} answered with something else than a list of queues or consumers (${issue?.path.join('.')}: ${issue?.message})`,
    );
  }
}

const totalsPath =
  '/api/queues?disable_stats=true&enable_queue_totals=true&columns=vhost,name,exclusive,messages_ready,messages_unacknowledged';
const consumersPath = '/api/consumers?columns=queue.vhost,queue.name';
