import { systemClock } from '../../../kit/clock.ts';
import { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import type { Route } from '../../../kit/rabbitmq/topology.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import type { Host } from '../../fault.ts';
import { runName } from '../../run-name.ts';
import { drainMarked } from '../../undos/queue-drain-marked.ts';
import { lookEverywhere } from './look-everywhere.ts';

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

  async residue(): Promise<string[]> {
    const byQueue = Map.groupBy(await this.find(), ({ queue }) => queue);
    return [...byQueue].map(
      ([queue, messages]) => `${messages.length} messages of ${this.#drain.mark} wait in ${queue}`,
    );
  }
}
