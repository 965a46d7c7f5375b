import type { RequestHandler } from 'express';
import { commands } from './transitions.ts';

/** Upper bounds of the waiting times, in seconds; what waited longer is in the count alone. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3, 5, 10, 30, 60];

interface Tally {
  total: number;
  failed: number;
  sum: number;
  /** How many waited up to each bound, not cumulated. */
  within: number[];
}

/** What `/-/stats` says of one operation; counters since the start, buckets cumulated. */
export interface OperationStats {
  total: number;
  failed: number;
  wait: { buckets: { le: number; count: number }[]; sum: number; count: number };
}

/** Counts the operations of the MES, how many failed, and how long each made its caller wait. */
export class OperationTally {
  readonly #tallies = new Map<string, Tally>(
    ['report', 'request', ...commands].map((name) => [
      name,
      { total: 0, failed: 0, sum: 0, within: bounds.map(() => 0) },
    ]),
  );

  /** Failed = answered 5xx, or the caller went away unanswered. A 4xx is the caller's own mistake. */
  count(name: string, seconds: number, failed: boolean): void {
    const tally = this.#tallies.get(name);
    if (tally === undefined) return;
    tally.total += 1;
    tally.failed += failed ? 1 : 0;
    tally.sum += seconds;
    const bound = bounds.findIndex((le) => seconds <= le);
    if (bound >= 0) tally.within[bound] = (tally.within[bound] ?? 0) + 1;
  }

  /** Express middleware that counts each request under the name that `nameOf` finds once it is over. */
  measure(nameOf: (body: unknown) => string): RequestHandler {
    return (request, response, next) => {
      const start = performance.now();
      response.once('close', () => {
        const failed = response.statusCode >= 500 || !response.writableFinished;
        this.count(nameOf(request.body), (performance.now() - start) / 1000, failed);
      });
      next();
    };
  }

  stats(): Record<string, OperationStats> {
    return Object.fromEntries([...this.#tallies].map(([name, tally]) => [name, statsOf(tally)]));
  }
}

function statsOf({ total, failed, sum, within }: Tally): OperationStats {
  let count = 0;
  const buckets = bounds.map((le, index) => {
    count += within[index] ?? 0;
    return { le, count };
  });
  return { total, failed, wait: { buckets, sum, count: total } };
}
