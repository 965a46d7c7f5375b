import type { Clock } from '../../kit/clock.ts';

/** Wakes whoever waits for something new. */
export class Bell {
  #next = Promise.withResolvers<void>();

  ring(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** The next ring. Take it before looking whether there is something to do, or a ring in between is missed. */
  get nextRing(): Promise<void> {
    return this.#next.promise;
  }
}

/** Waits for a ring, for a time (Unix milliseconds; undefined: none), or for the signal; never rejects. */
export async function ringOrTime(
  ring: Promise<void>,
  wakeAt: number | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const aborted = new Promise<void>((resolve) =>
    either.addEventListener('abort', () => resolve(), { once: true }),
  );
  const waits = [ring, aborted];
  if (wakeAt !== undefined)
    waits.push(clock.sleep(Math.max(0, wakeAt - clock.now()), either).catch(() => undefined));
  try {
    await Promise.race(waits);
  } finally {
    over.abort();
  }
}
