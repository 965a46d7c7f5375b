import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import { brokerAddress, virtualHostOf } from '../../kit/rabbitmq/amqp-session.ts';
import { closeConnection } from '../../kit/rabbitmq/consumers.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Fault, Host, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import {
  closedBy,
  connectionLimitOf,
  connectionsIn,
  limitPath,
  openDoor,
  signPath,
} from '../undos/queue-open-door.ts';
import { demandAdministrator } from './queue/demands.ts';
import { Watch } from './queue/watch.ts';

/** RabbitMQ can close a connection only once its statistics know it: 5 s by default. Twice that, and a busy computer. */
const closeLimitMs = 15_000;
const closeEveryMs = 200;
const lookEveryMs = 500;
const liftLimitMs = 15_000;

const params = z.strictObject({});

/**
 * A broker that is there and lets nobody in: no connection is allowed in the virtual host, and those that are open are closed. The
 * broker keeps the limit on its disk, so a process of its own takes it away when the runner cannot.
 */
export const queueUnavailable: Fault<z.output<typeof params>> = {
  kind: 'queue.unavailable',
  summary: 'makes a RabbitMQ close all connections of a virtual host and refuse new ones',
  affects: 'connection',
  params,
  targets: ['rabbitmq'],
  plan(_, { name, target }, run, durationMs): Plan {
    const { url } = asKind(target, name, 'rabbitmq');
    const host = virtualHostOf(url);
    return {
      kind: 'queue.unavailable',
      target: name,
      run,
      effects: [
        `sets the limit max-connections of virtual host ${host} on ${brokerAddress(url)} to 0: every new connection is refused`,
        `notes in a global parameter of the broker that ${runName(run)} has set it`,
        `closes every connection that is open there, with the reason "closed by ${runName(run)}"; what consumers hold goes back into its queue`,
        leashEffect,
      ],
      undo: undoOf(name, run),
      durationMs,
    };
  },
  async demand(_, { name, target }, { fetch }): Promise<void> {
    const api = new ManagementApi(asKind(target, name, 'rabbitmq'), fetch);
    await demandAdministrator(api);
    await demandNoLimit(api);
    if ((await connectionsIn(api)).length === 0)
      throw new UnavailableError(
        'queue.nobody',
        `nobody is connected to virtual host ${api.virtualHost} on ${api.address}`,
        {
          mend: 'The fault would touch nothing: see whether `url` names the virtual host that the systems use.',
        },
      );
  },
  inject(plan, _, { name, target }, host, signal) {
    const broker = asKind(target, name, 'rabbitmq');
    const api = new ManagementApi(broker, host.fetch);
    const door = new ClosedDoor(api, plan, host);
    return leashedInjection(
      {
        plan,
        host,
        breakIt: (during) => door.close(during),
        lift: async () => {
          await door[Symbol.asyncDispose]();
          const deps = { targets: { [name]: broker }, fetch: host.fetch, clock: host.clock };
          await openDoor.revert(undoOf(name, plan.run), deps, AbortSignal.timeout(liftLimitMs));
        },
        touched: async () => door.closed,
        residue: async () =>
          (await closedBy(api)) === runName(plan.run)
            ? [`virtual host ${api.virtualHost} still allows no connection`]
            : [],
        liftedByOthers: door.openedByOthers,
      },
      signal,
    );
  },
};

const undoOf = (target: string, run: string) => ({
  kind: 'rabbitmq.open-door' as const,
  target,
  mark: runName(run),
});

async function demandNoLimit(api: ManagementApi): Promise<void> {
  const limit = await connectionLimitOf(api);
  if (limit === undefined) return;
  throw new UnavailableError(
    'queue.limited',
    `virtual host ${api.virtualHost} on ${api.address} has a limit of ${limit} connections already: the drill would overwrite it`,
    { mend: 'Drill on a virtual host without one. If an earlier drill has left it: andon drill clean' },
  );
}

class ClosedDoor implements AsyncDisposable {
  readonly openedByOthers: Promise<string>;
  readonly #opened: (by: string) => void;
  readonly #api: ManagementApi;
  readonly #plan: Plan;
  readonly #host: Host;
  readonly #closed = new Set<string>();
  #watch: Watch | undefined;

  constructor(api: ManagementApi, plan: Plan, host: Host) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.openedByOthers = promise;
    this.#opened = resolve;
    this.#api = api;
    this.#plan = plan;
    this.#host = host;
  }

  /** How many connections it has closed. */
  get closed(): number {
    return this.#closed.size;
  }

  async close(signal: AbortSignal): Promise<void> {
    await demandNoLimit(this.#api);
    await this.#api.put(signPath(this.#api), { value: { mark: runName(this.#plan.run) } }, signal);
    await this.#api.put(limitPath(this.#api), { value: 0 }, signal);
    await waitFor(() => this.#closeAll(signal), {
      what: `the end of all connections of virtual host ${this.#api.virtualHost}`,
      timeoutMs: closeLimitMs,
      everyMs: closeEveryMs,
      signal,
      clock: this.#host.clock,
    });
    this.#watch = new Watch(lookEveryMs, this.#plan, this.#host, async () => {
      if ((await connectionLimitOf(this.#api)) !== 0) this.#opened('others');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
  }

  async #closeAll(signal: AbortSignal): Promise<boolean> {
    const open = await connectionsIn(this.#api, signal);
    for (const name of open)
      if (await closeConnection(this.#api, name, runName(this.#plan.run))) this.#closed.add(name);
    return open.length === 0;
  }
}
