import type { Clock } from '../../../kit/clock.ts';
import { messageOf } from '../../../kit/errors.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { keepLease } from '../../lease.ts';
import { lastingResidue } from '../../residue.ts';
import type { DrillEngine, DrillSession } from './drill-session.ts';
import { leftSessions } from './engine.ts';

const lookEveryMs = 500;

/** Counts what a fault does, by asking the server. */
export interface Witness {
  /** How much it has seen so far. */
  readonly count: number;
  look(): Promise<void>;
}

export interface HeldSessionParts {
  plan: Plan;
  engine: DrillEngine;
  /** The session whose open transaction, or lock, is the fault. */
  holder: DrillSession;
  /** The session over which the witness asks. */
  counter: DrillSession;
  witness: Witness;
  host: Host;
}

/** A fault that is as long in as one session lives. The session lives by a sign of life every second. */
export class HeldSession implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #parts: HeldSessionParts;
  readonly #lease: AsyncDisposable;
  readonly #looking: AsyncDisposable;
  #lifting: Promise<void> | undefined;

  constructor(parts: HeldSessionParts) {
    this.#parts = parts;
    const { plan, holder, witness, host } = parts;
    const onError = (error: unknown) => {
      if (this.#lifting) return;
      const details = { target: plan.target, error: messageOf(error) };
      host.log.debug(details, `trouble with a session of ${plan.kind}`);
    };
    this.liftedByOthers = holder.endedByOthers;
    this.#lease = keepLease({
      clock: host.clock,
      durationMs: plan.durationMs,
      // Any statement of the session sets its clock back to zero, and does not end its transaction.
      renew: async () => !holder.isOver && (await holder.query('SELECT 1')) !== undefined,
      onError,
    });
    this.#looking = keepLooking(() => witness.look(), host.clock, onError);
  }

  async touched(): Promise<number> {
    const { witness } = this.#parts;
    // What was counted so far stands where the server does not answer now.
    if (!this.#lifting) await witness.look().catch(() => {});
    return witness.count;
  }

  residue(): Promise<string[]> {
    const { plan, engine } = this.#parts;
    return lastingResidue(`${plan.kind} on ${plan.target}`, () => leftSessions(engine, plan.target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  /** The end of the session is the end of its transaction, and of its locks. */
  async #lift(): Promise<void> {
    const { holder, counter } = this.#parts;
    await holder[Symbol.asyncDispose]();
    await Promise.all([this.#lease[Symbol.asyncDispose](), counter[Symbol.asyncDispose]()]);
    await this.#looking[Symbol.asyncDispose]();
  }
}

/** Looks twice a second until it is disposed, or an answer fails. */
function keepLooking(
  look: () => Promise<void>,
  clock: Clock,
  onError: (error: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const looking = (async () => {
    for (;;) {
      await look();
      await clock.sleep(lookEveryMs, stop.signal);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) onError(error);
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await looking;
    },
  };
}
