import { type Clock, systemClock } from './clock.ts';
import { messageOf, UnavailableError } from './errors.ts';

export interface WaitOptions {
  /** What is waited for, for the error: `PostgreSQL on port 5433`. */
  what: string;
  /** The longest wait; pass a number with a reason. */
  timeoutMs: number;
  everyMs?: number;
  signal?: AbortSignal | undefined;
  clock?: Clock;
}

/** Asks until the answer is neither false nor undefined, and returns it. A throwing check counts as "not yet". */
export async function waitFor<T>(
  check: () => Promise<T | false | undefined> | T | false | undefined,
  { what, timeoutMs, everyMs = 100, signal, clock = systemClock }: WaitOptions,
): Promise<T> {
  const end = clock.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await check();
      if (value !== false && value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (clock.now() >= end) {
      const why = last === undefined ? '' : ` (last answer: ${messageOf(last)})`;
      throw new UnavailableError('wait.timeout', `${what} was not ready within ${timeoutMs / 1000} s${why}`);
    }
    await clock.sleep(everyMs, signal);
  }
}

/** The work, or the signal's reason as soon as it is aborted; the work is not stopped by that, nobody waits for it any more. */
export async function within<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
