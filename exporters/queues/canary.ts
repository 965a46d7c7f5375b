import { randomUUID } from 'node:crypto';
import { type Channel, Connection } from 'rabbitmq-client';
import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import type { HistogramValue } from '../sample.ts';
import type { CanarySettings } from './canary-config.ts';
import { RoundtripHistogram } from './roundtrip-histogram.ts';

/** The names of its queues begin with this; each connection has one of its own. */
export const canaryQueue = 'andon.canary';

export interface CanaryNow {
  readonly roundtrips: HistogramValue;
  /** When the probe was first sent that has not come back yet. */
  readonly pendingSinceMs: number | undefined;
  readonly problem: string | undefined;
}

/** The way of the probes: a channel, and the queue at its end. */
interface Route {
  readonly channel: Channel;
  readonly queue: string;
}

interface Probe {
  readonly id: string;
  readonly sinceMs: number;
}

/** A broker that is away is asked again so often at most. */
const retryMs = { low: 500, high: 5000 };
/** How long one connection, channel or confirm is waited for before the next attempt: as long as an interval, within these. */
const attemptMs = { least: 1000, most: 5000 };
/** A dead link shows after two of these. */
const heartbeatSeconds = 5;
/** A queue without a consumer goes after this: a quorum queue cannot belong to one connection, and opening one may fail half-way. */
const expiresMs = 60_000;

/**
 * Sends a probe through a broker, waits for it, and sends the next one an interval later. What does not come back is sent again
 * with every interval, as a reliable publisher would, and its time runs on from the first attempt: one probe is under way at
 * most, and an outage is one long round trip.
 */
export class Canary implements Disposable {
  readonly #url: string;
  readonly #settings: CanarySettings;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  readonly #roundtrips = new RoundtripHistogram();
  #connection: Connection | undefined;
  #route: Route | undefined;
  #opening: Promise<Route> | undefined;
  #pending: Probe | undefined;
  #problem: string | undefined;

  constructor(url: string, settings: CanarySettings, clock: Clock) {
    this.#url = url;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Begins in the background, once; nothing is connected before. */
  start(): void {
    if (this.#connection !== undefined || this.#end.signal.aborted) return;
    this.#connection = new Connection({
      url: this.#url,
      connectionName: canaryQueue,
      heartbeat: heartbeatSeconds,
      connectionTimeout: attemptMs.most,
      acquireTimeout: attemptMs.most,
      retryLow: retryMs.low,
      retryHigh: retryMs.high,
    });
    this.#connection.on('error', (error) => this.#failed(error));
    this.#connection.on('connection', () => {
      this.#problem = undefined;
    });
    void this.#run(this.#connection);
  }

  get now(): CanaryNow {
    const { value } = this.#roundtrips;
    return { roundtrips: value, pendingSinceMs: this.#pending?.sinceMs, problem: this.#problem };
  }

  async #run(connection: Connection): Promise<void> {
    const { signal } = this.#end;
    const limitMs = Math.min(attemptMs.most, Math.max(attemptMs.least, this.#settings.interval));
    while (!signal.aborted) {
      this.#pending ??= { id: randomUUID(), sinceMs: this.#clock.now() };
      const probe = this.#pending;
      const limit = this.#clock.sleep(limitMs, signal).then(() => {
        throw new Error(`the broker did not confirm the probe within ${limitMs / 1000} s`);
      });
      await Promise.race([this.#send(connection, probe), limit]).catch((error) => {
        // That nothing came in time says less than why there is no connection.
        if (this.#problem === undefined) this.#failed(error);
      });
      await this.#clock.sleep(this.#settings.interval, signal).catch(() => {});
    }
  }

  async #send(connection: Connection, { id }: Probe): Promise<void> {
    const { channel, queue } = await this.#opened(connection);
    const { exchange, routing_key } = this.#settings;
    const routingKey = exchange === '' ? queue : routing_key;
    await channel.basicPublish({ exchange, routingKey, messageId: id, mandatory: true }, 'Andon');
  }

  /** Whoever comes while a way is being opened takes that one: a slow broker gets no second queue for each probe given up. */
  async #opened(connection: Connection): Promise<Route> {
    if (this.#route?.channel.active) return this.#route;
    this.#opening ??= this.#open(connection).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** A queue of this connection alone, so that no other exporter and no dead link of our own takes its probes. */
  async #open(connection: Connection): Promise<Route> {
    const channel = await connection.acquire();
    channel.on('basic.return', ({ replyText }) =>
      this.#failed(`the broker returned the probe: ${replyText}`),
    );
    await channel.confirmSelect();
    const queue = `${canaryQueue}.${randomUUID()}`;
    const { exchange, routing_key: routingKey, queue_type } = this.#settings;
    await channel.queueDeclare(
      queue_type === 'classic'
        ? { queue, exclusive: true, autoDelete: true, arguments: { 'x-expires': expiresMs } }
        : { queue, durable: true, arguments: { 'x-expires': expiresMs, 'x-queue-type': 'quorum' } },
    );
    if (exchange !== '') await channel.queueBind({ queue, exchange, routingKey });
    await channel.basicConsume({ queue, noAck: true }, ({ messageId }) => this.#arrived(messageId));
    this.#route = { channel, queue };
    return this.#route;
  }

  #arrived(id: string | undefined): void {
    if (this.#pending === undefined || id !== this.#pending.id) return;
    this.#roundtrips.observe(Math.max(0, this.#clock.now() - this.#pending.sinceMs) / 1000);
    this.#pending = undefined;
    this.#problem = undefined;
  }

  #failed(error: unknown): void {
    if (!this.#end.signal.aborted) this.#problem = messageOf(error);
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    this.#connection?.unsafeDestroy();
  }
}
