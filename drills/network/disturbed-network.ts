import { messageOf } from '../../kit/errors.ts';
import type { Host, Injection, Plan } from '../fault.ts';
import { keepLease } from '../lease.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { lastingResidue } from '../residue.ts';
import type { Disturbance, NetworkHold } from './driver.ts';
import { keepRhythm, type Rhythm } from './rhythm.ts';

export interface DisturbedParts {
  plan: Plan;
  host: Host;
  hold: NetworkHold;
  disturbance: Disturbance;
  rhythm: Rhythm | undefined;
}

/** Disturbs, and returns what ends it. Where neither server nor kernel leases it, a leash is taken first. */
export async function disturbed(parts: DisturbedParts, signal: AbortSignal): Promise<Injection> {
  const network = new DisturbedNetwork(parts);
  const { liftedByOthers } = network;
  const pieces = {
    touched: () => network.touched(),
    residue: () => parts.hold.residue(),
    lift: () => network.lift(),
    liftedByOthers,
  };
  if (!parts.hold.leased) {
    const { plan, host } = parts;
    return await leashedInjection(
      { plan, host, breakIt: (abort) => network.begin(abort), ...pieces },
      signal,
    );
  }
  try {
    await network.begin(signal);
  } catch (error) {
    await network.lift().catch((liftError: unknown) => network.warn(liftError, 'could not be taken back'));
    throw error;
  }
  return {
    liftedByOthers,
    touched: pieces.touched,
    residue: () => lastingResidue(`${parts.plan.kind} on ${parts.plan.target}`, pieces.residue),
    [Symbol.asyncDispose]: pieces.lift,
  };
}

/** A disturbance that is in, with its signs of life and its rhythm. */
class DisturbedNetwork {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #parts: DisturbedParts;
  readonly #kept = new AsyncDisposableStack();
  #lifting: Promise<void> | undefined;
  #touched = 0;

  constructor(parts: DisturbedParts) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#parts = parts;
  }

  async begin(signal: AbortSignal): Promise<void> {
    const { hold, disturbance, rhythm, plan, host } = this.#parts;
    await hold.set(disturbance, signal);
    const { clock } = host;
    this.#kept.use(
      keepLease({
        clock,
        durationMs: plan.durationMs,
        renew: () => this.#renew(),
        onError: (error) => this.warn(error, 'could not be renewed'),
      }),
    );
    if (!rhythm) return;
    const onError = (error: unknown) => this.warn(error, 'missed a turn');
    this.#kept.use(keepRhythm({ hold, disturbance, clock, onError, ...rhythm }));
  }

  async touched(): Promise<number> {
    // The count of the last renewal stands where nobody answers now.
    if (!this.#lifting) await this.#renew().catch(() => {});
    return this.#touched;
  }

  lift(): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  warn(error: unknown, what: string): void {
    const { host, plan } = this.#parts;
    host.log.warn({ target: plan.target, error: messageOf(error) }, `${plan.kind} ${what}`);
  }

  async #renew(): Promise<boolean> {
    const state = await this.#parts.hold.renew();
    if (state.held) this.#touched = Math.max(this.#touched, state.touched);
    else if (!this.#lifting) this.#lifted(state.by);
    return state.held;
  }

  async #lift(): Promise<void> {
    await this.#kept.disposeAsync();
    await this.#parts.hold.release();
  }
}
