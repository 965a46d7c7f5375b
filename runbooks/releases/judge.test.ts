import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, leastSamples, shareInterval, type Tally, tallyOf } from './judge.ts';

const limits = { minSamples: 200, maxFailureRatio: 0.01 };
const of = (failed: number, total: number, refused = 0): Tally => ({ total, failed, refused });
const verdict = (candidate: Tally, stable: Tally) => judge(candidate, stable, limits).verdict;

describe('A version on trial', () => {
  it('that fails nearly everything is known to be worse after 20 requests, not after 19.', () => {
    expect(verdict(of(20, 20), of(0, 400))).toBe('worse');
    expect(verdict(of(19, 20), of(0, 20))).toBe('worse');
    expect(verdict(of(19, 19), of(0, 400))).toBe('too-few');
  });

  it('is not condemned by a few failures among few requests, nor promoted by few good ones.', () => {
    expect(verdict(of(1, 10), of(0, 4000))).toBe('too-few');
    expect(verdict(of(2, 40), of(0, 4000))).toBe('too-few');
    expect(verdict(of(0, 199), of(0, 4000))).toBe('too-few');
    expect(verdict(of(0, 200), of(0, 4000))).toBe('good');
  });

  it('is not worse for what fails both alike.', () => {
    expect(verdict(of(150, 300), of(1500, 3000))).toBe('undecided');
    expect(verdict(of(300, 300), of(3000, 3000))).toBe('undecided');
    expect(verdict(of(0, 300), of(1500, 3000))).toBe('undecided');
    expect(verdict(of(150, 300), of(0, 3000))).toBe('worse');
  });

  it('is measured against what is tolerated where the stable one has no requests.', () => {
    expect(verdict(of(60, 300), of(0, 0))).toBe('worse');
    expect(verdict(of(2, 300), of(0, 0))).toBe('good');
  });

  it('that fails more than is tolerated, but may do so by chance, is neither promoted nor withdrawn.', () => {
    expect(verdict(of(6, 200), of(0, 4000))).toBe('undecided');
    expect(verdict(of(30, 1000), of(0, 20_000))).toBe('worse');
  });

  it('that refuses what the stable one takes is worse, too; without anything to compare refusals are not judged.', () => {
    expect(verdict(of(0, 300, 90), of(0, 3000, 10))).toBe('worse');
    expect(verdict(of(0, 300, 90), of(0, 3000, 900))).toBe('good');
    expect(verdict(of(0, 300, 90), of(0, 5, 0))).toBe('good');
  });
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** After how many of its requests a version on trial (10 % of all) counts as worse, looked at after each; undefined if never. */
function condemnedAfter(candidateFails: number, stableFails: number, seed: number): number | undefined {
  const chance = numbers(seed);
  const [candidate, stable] = [of(0, 0), of(0, 0)];
  for (let n = 0; n < 20_000; n++) {
    const isCandidate = chance() < 0.1;
    const tally = isCandidate ? candidate : stable;
    tally.total++;
    if (chance() < (isCandidate ? candidateFails : stableFails)) tally.failed++;
    if (isCandidate && verdict(candidate, stable) === 'worse') return candidate.total;
  }
  return undefined;
}

describe('Looked at after each of 2,000 requests', () => {
  const seeds = Array.from({ length: 200 }, (_, index) => index + 1);

  it.each([0.005, 0.02, 0.1, 0.5])(
    'a version as good as the stable one (%d fails) is never condemned in 200 trials.',
    (fails) => {
      expect(seeds.filter((seed) => condemnedAfter(fails, fails, seed) !== undefined)).toEqual([]);
    },
  );

  it('a version that fails half, or a tenth, is always condemned, the worse the sooner.', () => {
    const half = seeds.map((seed) => condemnedAfter(0.5, 0.005, seed) ?? Number.POSITIVE_INFINITY);
    const tenth = seeds.map((seed) => condemnedAfter(0.1, 0.005, seed) ?? Number.POSITIVE_INFINITY);
    expect(Math.max(...half)).toBeLessThanOrEqual(60);
    expect(Math.max(...tenth)).toBeLessThanOrEqual(600);
  });
});

it('An interval holds the share it is of, lies within 0 and 1, and gets narrower with more of the same.', () => {
  const counted = fc
    .integer({ min: 1, max: 10_000 })
    .chain((total) => fc.tuple(fc.nat(total), fc.constant(total)));
  fc.assert(
    fc.property(counted, ([hits, total]) => {
      const { low, high } = shareInterval(hits, total);
      const share = hits / total;
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(share + 1e-12);
      expect(high).toBeGreaterThanOrEqual(share - 1e-12);
      const more = shareInterval(hits * 4, total * 4);
      expect(more.high - more.low).toBeLessThan(high - low);
    }),
  );
});

it('Counts are taken since the earlier ones, and from nothing where the counting began anew.', () => {
  const counts = (more: object) => ({ '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, '500': 0, none: 0, ...more });
  const before = counts({ '2xx': 100, '5xx': 3 });
  expect(tallyOf(counts({ '2xx': 150, '5xx': 4, '4xx': 2, none: 1 }), before)).toEqual(of(2, 54, 2));
  expect(tallyOf(counts({ '2xx': 10, '5xx': 4 }), before)).toEqual(of(4, 14));
  expect(tallyOf(null)).toEqual(of(0, 0));
  expect(leastSamples).toBe(20);
});
