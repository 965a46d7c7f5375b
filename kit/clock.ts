import { setTimeout as delay } from 'node:timers/promises';

/** Time as a dependency, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/** ISO 8601 with milliseconds, UTC: the form of every time in journals and reports. */
export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();
