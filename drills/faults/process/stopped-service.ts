import type { Clock } from '../../../kit/clock.ts';
import { messageOf } from '../../../kit/errors.ts';
import { type Ending, endLife } from '../../../kit/process/end-life.ts';
import type { Life, Service } from '../../../kit/process/service.ts';
import { serviceBehind } from '../../../kit/process/service-of.ts';
import type { Host, Injection, NamedTarget, Plan } from '../../fault.ts';
import { leashedInjection } from '../../leashed-injection.ts';
import { revert } from '../../undo.ts';

/** How a service is stopped, and for how long. */
export interface Stop extends Ending {
  /** When it is started again after it has stopped; at the end of the fault when left out. */
  downMs?: number;
}

/** Each start gets this long; the runner's own limit for lifting is 20 s. */
const startLimitMs = 15_000;
/** How often is looked whether somebody has started it. */
const lookMs = 250;

/** Stops the service behind a target and starts it again at the end, unless somebody has done so before. */
export async function stopService(
  plan: Plan,
  stop: Stop,
  target: NamedTarget,
  host: Host,
  signal: AbortSignal,
): Promise<Injection> {
  const service = serviceBehind(target);
  const life = await service.demand(signal);
  return new Stopping(plan, stop, { service, life }, host).begin(signal);
}

class Stopping {
  readonly #plan: Plan;
  readonly #stop: Stop;
  readonly #service: Service;
  readonly #life: Life;
  readonly #host: Host;
  readonly #watch = new AbortController();
  readonly #lifted = Promise.withResolvers<string>();
  #stopped = false;

  constructor(plan: Plan, stop: Stop, { service, life }: { service: Service; life: Life }, host: Host) {
    // With the life that is to end, a leash cannot take a service that is about to stop for one that lives.
    this.#plan = { ...plan, undo: { kind: 'process.start', target: plan.target, over: life.id } };
    this.#stop = stop;
    this.#service = service;
    this.#life = life;
    this.#host = host;
  }

  begin(signal: AbortSignal): Promise<Injection> {
    return leashedInjection(
      {
        plan: this.#plan,
        host: this.#host,
        breakIt: async (signal) => {
          await endLife(this.#service, this.#life, this.#stop, signal);
          this.#stopped = true;
          void this.#watched().catch((error: unknown) => this.#complain(error));
        },
        lift: () => this.#lift(),
        touched: async () => (this.#stopped ? 1 : 0),
        residue: async () =>
          (await this.#service.life(AbortSignal.timeout(startLimitMs)))
            ? []
            : [`${this.#plan.target} does not live`],
        liftedByOthers: this.#lifted.promise,
      },
      signal,
    );
  }

  /** Looks until it lives again, and starts it when its time is over. */
  async #watched(): Promise<void> {
    const { clock } = this.#host;
    const due = this.#stop.downMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + this.#stop.downMs;
    for (;;) {
      if (await this.#service.life(this.#watch.signal)) return this.#lifted.resolve('others');
      if (clock.now() >= due) {
        await this.#start();
        return this.#lifted.resolve('its own restart');
      }
      await sleepUntil(Math.min(due, clock.now() + lookMs), clock, this.#watch.signal);
    }
  }

  #complain(error: unknown): void {
    if (this.#watch.signal.aborted) return;
    const { log } = this.#host;
    log.warn({ target: this.#plan.target, error: messageOf(error) }, 'it could not be watched or started');
  }

  async #lift(): Promise<void> {
    this.#watch.abort();
    await this.#start();
  }

  #start(): Promise<void> {
    const { fetch, clock, targets } = this.#host;
    return revert(this.#plan.undo, { fetch, clock, targets }, AbortSignal.timeout(startLimitMs));
  }
}

const sleepUntil = (at: number, clock: Clock, signal: AbortSignal): Promise<void> =>
  clock.sleep(Math.max(0, at - clock.now()), signal);

/** In the preflight: it lives, may be signalled, and can be started again. */
export async function demandStoppable(target: NamedTarget, signal: AbortSignal): Promise<void> {
  const service = serviceBehind(target);
  await service.demand(signal);
  await service.demandStart(signal);
}

/** What runs behind a target, for the sentences of a plan. */
export const whatRuns = (target: NamedTarget): string => serviceBehind(target).what;
