import { messageOf } from '../kit/errors.ts';
import type { Host, Injection, Plan } from './fault.ts';
import { keepLease } from './lease.ts';
import { lastingResidue } from './residue.ts';

/** A fault that a server holds for us, and gives up when we fall silent. */
export interface Hold {
  /** Says once more that we live, and how much it has hit so far; never makes a fault again that has ended. */
  renew(): Promise<{ held: true; touched: number } | { held: false; by: string; touched?: number }>;
  /** Takes it out, and returns how much it has hit in all; safe to repeat. */
  release(): Promise<number>;
  /** What is still there of it, in words. */
  residue(): Promise<string[]>;
}

/** The injection of a hold that is in already: renewed every second until it is lifted, over, or forgotten. */
export function heldInjection(plan: Plan, hold: Hold, host: Pick<Host, 'clock' | 'log'>): Injection {
  return new HeldInjection(plan, hold, host);
}

class HeldInjection implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #plan: Plan;
  readonly #hold: Hold;
  readonly #lease: AsyncDisposable;
  #lifting: Promise<void> | undefined;
  #touched = 0;

  constructor(plan: Plan, hold: Hold, { clock, log }: Pick<Host, 'clock' | 'log'>) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.liftedByOthers = promise;
    this.#lifted = resolve;
    this.#plan = plan;
    this.#hold = hold;
    this.#lease = keepLease({
      clock,
      durationMs: plan.durationMs,
      renew: () => this.#renew(),
      onError: (error) =>
        log.warn({ target: plan.target, error: messageOf(error) }, `${plan.kind} could not be renewed`),
    });
  }

  async touched(): Promise<number> {
    // The count of the last renewal stands where the server does not answer now.
    if (!this.#lifting) await this.#renew().catch(() => {});
    return this.#touched;
  }

  residue(): Promise<string[]> {
    return lastingResidue(`${this.#plan.kind} on ${this.#plan.target}`, () => this.#hold.residue());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  async #renew(): Promise<boolean> {
    const state = await this.#hold.renew();
    this.#count(state.touched);
    if (!state.held && !this.#lifting) this.#lifted(state.by);
    return state.held;
  }

  async #lift(): Promise<void> {
    await this.#lease[Symbol.asyncDispose]();
    this.#count(await this.#hold.release());
  }

  #count(touched: number | undefined): void {
    if (touched !== undefined) this.#touched = Math.max(this.#touched, touched);
  }
}
