import type { AnswerCounts } from '../../kit/release-router.ts';

/**
 * When is a version on trial worse than the stable one? Not when its share of failures is higher: of 10 requests one failure is 10 %,
 * and says nothing. So each share is known only up to an interval (Wilson's, which also holds for few requests and for shares near 0),
 * and a version counts as worse only when the *lowest* share that fits what it did is above the *highest* one that fits the stable
 * version, and above what is tolerated anyway. What fails both alike (the database is away) so speaks against neither.
 *
 * Whoever looks every few seconds for a day is bound to see a rare chance once. The intervals are therefore those of 1 in 1000 and both
 * must clear each other; `judge.test.ts` counts the false alarms. A version that fails nearly everything is still known after 20 requests.
 */
const z = 3.29;
/** Fewer requests than this are never judged. */
export const leastSamples = 20;

/** How many requests there were, and what became of them. */
export interface Tally {
  total: number;
  /** Failed by the server or not answered at all. */
  failed: number;
  /** Answered with 4xx. Callers make mistakes too; so it counts only beside what the stable version refuses. */
  refused: number;
}

/** What was counted since the earlier counts; they begin at nothing again when the process that counts was started anew. */
export function tallyOf(now: AnswerCounts | null | undefined, since?: AnswerCounts | null): Tally {
  if (!now) return { total: 0, failed: 0, refused: 0 };
  const classes = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;
  const isSameCount = since && classes.every((name) => now[name] >= since[name]);
  const count = (name: (typeof classes)[number]) => now[name] - (isSameCount ? since[name] : 0);
  return {
    total: classes.reduce((sum, name) => sum + count(name), 0),
    failed: count('5xx') + count('none'),
    refused: count('4xx'),
  };
}

/** The lowest and the highest share that fit `hits` of `total` (Wilson score interval). */
export function shareInterval(hits: number, total: number): { low: number; high: number } {
  if (total === 0) return { low: 0, high: 1 };
  const share = hits / total;
  const centre = share + (z * z) / (2 * total);
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

export type Verdict = { verdict: 'worse' | 'too-few' | 'undecided' | 'good'; reason: string };

/** What the counts say of a version on trial beside the stable one in the same time. Pure. */
export function judge(
  candidate: Tally,
  stable: Tally,
  { minSamples, maxFailureRatio }: { minSamples: number; maxFailureRatio: number },
): Verdict {
  const reason = inWords(candidate, stable);
  const comparable = stable.total >= leastSamples;
  const limit = Math.max(
    maxFailureRatio,
    comparable ? shareInterval(stable.failed, stable.total).high : maxFailureRatio,
  );
  if (candidate.total >= leastSamples) {
    if (shareInterval(candidate.failed, candidate.total).low > limit) return { verdict: 'worse', reason };
    const refusedLimit = Math.max(maxFailureRatio, shareInterval(stable.refused, stable.total).high);
    if (comparable && shareInterval(candidate.refused, candidate.total).low > refusedLimit)
      return { verdict: 'worse', reason: refusedInWords(candidate, stable) };
  }
  if (candidate.total < minSamples)
    return { verdict: 'too-few', reason: `${candidate.total} of ${minSamples} requests` };
  // While the stable version fails as well, nobody can tell how good the other one is: nothing is promoted into an outage.
  const isDoubtful =
    candidate.failed / candidate.total > limit ||
    [candidate, stable].some((one) => surelyFails(one, maxFailureRatio));
  return { verdict: isDoubtful ? 'undecided' : 'good', reason };
}

/** Whether a version surely fails more than is tolerated. */
export const surelyFails = ({ failed, total }: Tally, maxFailureRatio: number): boolean =>
  total >= leastSamples && shareInterval(failed, total).low > maxFailureRatio;

const percent = (hits: number, total: number): string =>
  total === 0 ? 'no requests' : `${Math.round((hits / total) * 1000) / 10} %`;

const inWords = (candidate: Tally, stable: Tally): string =>
  `it failed ${candidate.failed} of ${candidate.total} requests (${percent(candidate.failed, candidate.total)}), the stable version ${stable.failed} of ${stable.total} (${percent(stable.failed, stable.total)})`;

const refusedInWords = (candidate: Tally, stable: Tally): string =>
  `it refused ${candidate.refused} of ${candidate.total} requests (${percent(candidate.refused, candidate.total)}), the stable version ${stable.refused} of ${stable.total} (${percent(stable.refused, stable.total)})`;
