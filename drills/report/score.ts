import { type Expectations, expectationsFrom, type Facts } from './expectations.ts';
import type { Report } from './schema.ts';
import { scoreParts } from './score-parts.ts';

/** The highest score a verdict can have, so that no failed drill looks like a good one. */
export const ceilings: Record<Report['verdict'], number> = {
  passed: 100,
  failed: 89,
  aborted: 49,
  'not-run': 0,
};

export type Score = Pick<Report, 'score' | 'weights'> & { points: Record<string, number> };

/**
 * Judges a run with 0 to 100 points. Parts without an expectation are left out and the weights of the others scaled to
 * 100, in tenths. `points` is what each part earned; the verdict's ceiling is applied to their sum.
 */
export function scoreOf(facts: Facts, expected: Expectations = expectationsFrom(facts)): Score {
  const judged = Object.entries(scoreParts).flatMap(([name, { weight, share }]) => {
    const earned = share(facts, expected);
    return earned === undefined ? [] : [{ name, weight, share: Math.min(1, Math.max(0, earned)) }];
  });
  const scaled = toHundred(judged.map(({ weight }) => weight));
  const weights: Record<string, number> = {};
  const points: Record<string, number> = {};
  judged.forEach(({ name, share }, index) => {
    weights[name] = scaled[index] ?? 0;
    points[name] = tenth((scaled[index] ?? 0) * share);
  });
  const sum = Object.values(points).reduce((total, value) => total + value, 0);
  return { score: Math.min(ceilings[facts.verdict], 100, Math.max(0, tenth(sum))), weights, points };
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Scales weights to tenths that sum to exactly 100: the tenths that rounding leaves go to the largest remainders. */
function toHundred(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => (weight / total) * 1000);
  const tenths = exact.map(Math.floor);
  const missing = 1000 - tenths.reduce((sum, value) => sum + value, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .toSorted((a, b) => b.remainder - a.remainder);
  for (const { index } of byRemainder.slice(0, missing)) tenths[index] = (tenths[index] ?? 0) + 1;
  return tenths.map((value) => value / 10);
}
