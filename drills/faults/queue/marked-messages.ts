import { systemClock } from '../../../kit/clock.ts';
import { openAmqp } from '../../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { parkedSuffix, parkingQueues } from '../../../kit/rabbitmq/parking.ts';
import type { Route } from '../../../kit/rabbitmq/topology.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import type { Host } from '../../fault.ts';
import { runName } from '../../run-name.ts';
import { drainMarked } from '../../undos/queue-drain-marked.ts';
import { lookEverywhere } from './look-everywhere.ts';
import { lookThrough } from './look-through.ts';

/** Taking a whole flood back may take this long; the runner gives every lift 20 s. */
const drainLimitMs = 15_000;
const lookLimitMs = 5000;

/** The undo of everything that a run has sent this way, as data. */
export const drainOf = (target: string, run: string, route: Route) => ({
  kind: 'rabbitmq.drain-marked' as const,
  target,
  ...route,
  mark: runName(run),
});
export type Drain = ReturnType<typeof drainOf>;

/** How a fault that sends marked messages takes them back, and sees what is left of them. */
export class MarkedMessages {
  readonly #target: TargetOf<'rabbitmq'>;
  readonly #host: Host;
  readonly #drain: Drain;

  constructor(target: TargetOf<'rabbitmq'>, host: Host, drain: Drain) {
    this.#target = target;
    this.#host = host;
    this.#drain = drain;
  }

  async takeBack(): Promise<void> {
    const { fetch, clock } = this.#host;
    const targets = { [this.#drain.target]: this.#target };
    await drainMarked.revert(this.#drain, { targets, fetch, clock }, AbortSignal.timeout(drainLimitMs));
  }

  /** The run's messages wherever they wait now; they stay there. */
  find() {
    const api = new ManagementApi(this.#target, this.#host.fetch);
    const signal = AbortSignal.timeout(lookLimitMs);
    return lookEverywhere(this.#target, api, this.#drain, { take: false, clock: systemClock, signal });
  }

  /** Whether at least so many lie in parking queues, and none anywhere else: somebody has put all of them aside. */
  async areParked(count: number, signal: AbortSignal): Promise<boolean> {
    const { mark } = this.#drain;
    const api = new ManagementApi(this.#target, this.#host.fetch);
    const queues = await parkingQueues(api, signal);
    if (queues.length === 0) return false;
    await using session = await openAmqp(this.#target.url, `${mark} looks for its messages`);
    let parked = 0;
    for (const queue of queues)
      parked += (await lookThrough(session, { queue, mark, take: false }, signal)).length;
    // Only then are the queues looked through that others consume: for a moment that holds what waits there.
    return parked >= count && (await this.find()).every(({ queue }) => queue.endsWith(parkedSuffix));
  }

  async residue(): Promise<string[]> {
    const byQueue = Map.groupBy(await this.find(), ({ queue }) => queue);
    return [...byQueue].map(
      ([queue, messages]) => `${messages.length} messages of ${this.#drain.mark} wait in ${queue}`,
    );
  }
}
