import { type AmqpSession, openAmqp } from '../../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { waitFor } from '../../../kit/wait.ts';
import type { Host } from '../../fault.ts';
import { connectionsNamed } from '../../undos/queue-close-connections.ts';

/** RabbitMQ lists a connection up to 5 s after it was opened. Twice that, and a busy computer. */
const listedLimitMs = 15_000;
const listedEveryMs = 200;
/** RabbitMQ serves whoever has the highest priority first; clients that set none have 0, and others some small number. */
const aboveAll = 1_000_000;

export interface HangingOptions {
  target: TargetOf<'rabbitmq'>;
  queue: string;
  /** How many messages it holds at most; 0 for all that come. */
  prefetch: number;
  /** The name of its connection, by which it is found again. */
  name: string;
  host: Host;
}

/** A consumer that takes what comes and acknowledges nothing. All it holds goes back when its connection ends, however that ends. */
export class HangingConsumer implements AsyncDisposable {
  /** Resolves with `others` when somebody has closed its connection, and with `server` when the broker has ended it otherwise. */
  readonly endedByOthers: Promise<string>;
  readonly #ended: (by: string) => void;
  readonly #options: HangingOptions;
  readonly #api: ManagementApi;
  #session: AmqpSession | undefined;
  #held = 0;
  #isOver = false;

  constructor(options: HangingOptions) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.endedByOthers = promise;
    this.#ended = (by) => {
      if (!this.#isOver) resolve(by);
    };
    this.#options = options;
    this.#api = new ManagementApi(options.target, options.host.fetch);
  }

  /** How many messages it has taken. */
  get held(): number {
    return this.#held;
  }

  /** Consumes only when RabbitMQ lists its connection: before that nobody else could close it. */
  async begin(signal: AbortSignal): Promise<void> {
    const { target, queue, prefetch, name, host } = this.#options;
    this.#session = await openAmqp(target.url, name, host.clock);
    void this.#session.lost.then((reason) =>
      this.#ended(reason.includes('CONNECTION_FORCED') ? 'others' : 'server'),
    );
    const isListed = async () => (await this.#connections(signal)).length > 0;
    await waitFor(isListed, {
      what: `the connection "${name}" in the list of ${this.#api.address}`,
      timeoutMs: listedLimitMs,
      everyMs: listedEveryMs,
      signal,
      clock: host.clock,
    });
    const channel = await this.#session.channel();
    channel.on('error', () => this.#ended('server'));
    channel.on('basic.cancel', () => this.#ended('server'));
    if (prefetch > 0) await channel.basicQos({ prefetchCount: prefetch });
    await channel.basicConsume({ queue, arguments: { 'x-priority': aboveAll } }, () => {
      this.#held += 1;
    });
  }

  async residue(): Promise<string[]> {
    const { name } = this.#options;
    return (await this.#connections()).map((connection) => `connection ${connection} ("${name}") is open`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#session?.[Symbol.asyncDispose]();
  }

  #connections(signal?: AbortSignal): Promise<string[]> {
    return connectionsNamed(this.#api, this.#options.name, signal);
  }
}
