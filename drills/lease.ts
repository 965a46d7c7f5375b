import type { Clock } from '../kit/clock.ts';

/** A server gives a fault up this long after the last sign of life of its runner. */
export const leaseMs = 4000;
export const renewEveryMs = 1000;
/** The runner lifts a fault at the end of its duration; one that it forgets is renewed no longer than this beyond. */
export const forgottenAfterMs = 10_000;

export interface LeaseOptions {
  clock: Clock;
  /** How long the fault is planned to last. */
  durationMs: number;
  /** Asks the server once more; false when the fault is over there. Throwing counts as "no answer this time". */
  renew: () => Promise<boolean>;
  onError: (error: unknown) => void;
}

/** Keeps a fault in, by a sign of life every second, until it is disposed, over, or forgotten by its runner. */
export function keepLease({ clock, durationMs, renew, onError }: LeaseOptions): AsyncDisposable {
  const stop = new AbortController();
  const until = clock.now() + durationMs + forgottenAfterMs;
  const beating = (async () => {
    while (clock.now() < until) {
      await clock.sleep(renewEveryMs, stop.signal);
      try {
        if (!(await renew())) return;
      } catch (error) {
        onError(error);
      }
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) onError(error);
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await beating;
    },
  };
}
