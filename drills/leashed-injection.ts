import { messageOf } from '../kit/errors.ts';
import type { Host, Injection, Plan } from './fault.ts';
import { lastingResidue } from './residue.ts';

/** The parts of a fault that has no server to lease it. */
export interface LeashedParts {
  plan: Plan;
  host: Host;
  /** Breaks it. Called once the leash holds the undo; what a failed attempt left is taken back by `lift`. */
  breakIt: (signal: AbortSignal) => Promise<void>;
  /** Takes it back and sees that it is back; safe to repeat. */
  lift: () => Promise<void>;
  /** As Injection's. */
  touched: () => Promise<number>;
  /** What is still there of it, in words. */
  residue: () => Promise<string[]> | string[];
  /** Resolves when somebody else has ended it, with who it was; the leash is watched in any case. */
  liftedByOthers?: Promise<string>;
}

/** Holds the leash, breaks, and returns what lifts it again. When breaking fails, it is taken back before the error is thrown. */
export async function leashedInjection(parts: LeashedParts, signal: AbortSignal): Promise<Injection> {
  const { plan, host, breakIt, lift, touched, residue } = parts;
  const leash = await host.leash(plan);
  try {
    signal.throwIfAborted();
    await breakIt(signal);
  } catch (error) {
    try {
      await lift();
      await leash[Symbol.asyncDispose]();
    } catch (liftError) {
      // The leash is left alone: it goes on trying, as does the watchdog.
      host.log.error(
        { target: plan.target, error: messageOf(liftError) },
        `${plan.kind} could not be taken back`,
      );
    }
    throw error;
  }
  let lifting: Promise<void> | undefined;
  const doLift = async () => {
    await lift();
    await leash[Symbol.asyncDispose]();
  };
  return {
    liftedByOthers: Promise.race([
      leash.ended.then(() => 'lease'),
      ...(parts.liftedByOthers ? [parts.liftedByOthers] : []),
    ]),
    touched,
    residue: () => lastingResidue(`${plan.kind} on ${plan.target}`, residue),
    [Symbol.asyncDispose]() {
      lifting ??= doLift();
      return lifting;
    },
  };
}
