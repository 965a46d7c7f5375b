import { UnavailableError } from '../../../kit/errors.ts';
import { type AmqpSession, openAmqp } from '../../../kit/rabbitmq/amqp-session.ts';
import { closeConnection, consumersOf } from '../../../kit/rabbitmq/consumers.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import { waitFor } from '../../../kit/wait.ts';
import type { Host, Plan } from '../../fault.ts';
import { runName } from '../../run-name.ts';
import { withdrawnFrom } from '../../undos/queue-restore-reading.ts';
import { permissionOf } from './demands.ts';
import { isWithdrawn, isWrappable, readsAnything, withdrawn } from './reading-right.ts';
import { Watch } from './watch.ts';

/** RabbitMQ lists a consumer up to 5 s late. Twice that, and a busy computer. */
const emptyLimitMs = 15_000;
const emptyEveryMs = 200;
const lookEveryMs = 500;

/** Keeps all consumers away from one queue: closes their connections, and has taken the right to read it from them before. */
export class ShutOut implements AsyncDisposable {
  /** Resolves with `others` when somebody else has given the right back. */
  readonly openedByOthers: Promise<string>;
  readonly #opened: (by: string) => void;
  readonly #target: TargetOf<'rabbitmq'>;
  readonly #queue: string;
  readonly #mark: string;
  readonly #plan: Plan;
  readonly #host: Host;
  readonly #api: ManagementApi;
  readonly #thrownOut = new Set<string>();
  #session: AmqpSession | undefined;
  #watch: Watch | undefined;

  constructor(target: TargetOf<'rabbitmq'>, queue: string, plan: Plan, host: Host) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.openedByOthers = promise;
    this.#opened = resolve;
    this.#target = target;
    this.#queue = queue;
    this.#mark = runName(plan.run);
    this.#plan = plan;
    this.#host = host;
    this.#api = new ManagementApi(target, host.fetch);
  }

  /** How many connections of consumers were closed. */
  get thrownOut(): number {
    return this.#thrownOut.size;
  }

  /** Returns when the queue has no consumer. */
  async begin(signal: AbortSignal): Promise<void> {
    const { clock } = this.#host;
    this.#session = await openAmqp(this.#target.url, this.#mark, clock);
    const isEmpty = async () => {
      await this.#throwOut(signal);
      return (await this.#consumersNow()) === 0;
    };
    await waitFor(isEmpty, {
      what: `queue ${this.#queue} without a consumer`,
      timeoutMs: emptyLimitMs,
      everyMs: emptyEveryMs,
      signal,
      clock,
    });
    this.#watch = new Watch(lookEveryMs, this.#plan, this.#host, (during) => this.#look(during));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const shutOut = await withdrawnFrom(this.#api, { queue: this.#queue, mark: this.#mark }, signal);
    // Who has come since then as another user is thrown out as well, unless somebody has ended all of this.
    if (this.#thrownOut.size > 0 && shutOut.length === 0) return this.#opened('others');
    if ((await this.#consumersNow()) > 0) await this.#throwOut(signal);
  }

  async #throwOut(signal: AbortSignal): Promise<void> {
    const consumers = await consumersOf(this.#api, this.#queue, signal);
    for (const user of new Set(consumers.map((consumer) => consumer.user)))
      await this.#withdraw(user, signal);
    for (const connection of new Set(consumers.map((consumer) => consumer.connection)))
      if (await closeConnection(this.#api, connection, this.#mark)) this.#thrownOut.add(connection);
  }

  async #withdraw(user: string, signal: AbortSignal): Promise<void> {
    const permission = await demandWithdrawable(this.#api, user, signal);
    if (!readsAnything(permission.read) || isWithdrawn(permission.read, this.#queue, this.#mark)) return;
    const read = withdrawn(permission.read, this.#queue, this.#mark);
    signal.throwIfAborted();
    await this.#api.put(this.#api.path('permissions', user), { ...permission, read });
  }

  /** The queue's own count: it knows at once, and not who. */
  async #consumersNow(): Promise<number> {
    if (!this.#session) return 0;
    const channel = await this.#session.channel();
    try {
      return (await channel.queueDeclare({ queue: this.#queue, passive: true })).consumerCount;
    } finally {
      await channel.close().catch(() => {});
    }
  }
}

/** What a consuming user may do; throws unless the right to read one queue can be taken from it and given back. */
export async function demandWithdrawable(api: ManagementApi, user: string, signal?: AbortSignal) {
  const permission = await permissionOf(api, user, signal);
  if (permission && isWrappable(permission.read)) return permission;
  const why = permission
    ? `has a read permission that cannot be narrowed: ${permission.read}`
    : 'has its rights from elsewhere than RabbitMQ itself';
  throw new UnavailableError('queue.rights-elsewhere', `user ${user}, who consumes there, ${why}`, {
    mend: 'Stop the consumer itself: process.pause or process.kill on the system that consumes.',
  });
}
