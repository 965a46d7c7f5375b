import type { Clock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { UnavailableError } from '../../kit/errors.ts';

/** Work that was told to stop gets this long to undo, close and settle before it is left behind. */
const graceMs = 5000;

/**
 * Runs `work` with a signal that is aborted after `ms`, or with `signal`; `saidMs` is the limit that the message names. The result of work that still settles in the
 * grace period counts: what it did is done.
 */
export async function withDeadline<T>(
  { what, ms, saidMs = ms }: { what: string; ms: number; saidMs?: number },
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const done = new AbortController();
  const late = new AbortController();
  const either = AbortSignal.any([signal, late.signal]);
  const leftBehind = Promise.withResolvers<never>();
  either.addEventListener('abort', () => {
    clock.sleep(graceMs, done.signal).then(
      () => leftBehind.reject(either.reason),
      () => {},
    );
  });
  clock.sleep(ms, done.signal).then(
    () =>
      late.abort(new UnavailableError('runbook.timeout', `${what} took longer than ${promDuration(saidMs)}`)),
    () => {},
  );
  try {
    return await Promise.race([work(either), leftBehind.promise]);
  } finally {
    done.abort();
  }
}
