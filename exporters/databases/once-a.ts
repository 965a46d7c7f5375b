import type { Clock } from '../../kit/clock.ts';
import type { Collected, ScrapeRun } from '../collector.ts';

type Measure = (run: ScrapeRun) => Promise<Collected>;

/** Measures at most once in a period, and gives the last result meanwhile. A failure is kept only where `isKept` says that it would last. */
export function onceA(
  periodMs: number,
  clock: Clock,
  measure: Measure,
  isKept: (failure: unknown) => boolean,
): Measure {
  let last: { at: number; collected: Collected } | undefined;
  return async (run) => {
    if (last !== undefined && clock.now() - last.at < periodMs) return last.collected;
    const collected = await measure(run);
    if (collected.failure === undefined || isKept(collected.failure)) last = { at: clock.now(), collected };
    return collected;
  };
}
