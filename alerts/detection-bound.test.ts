import { describe, expect, it } from 'vitest';
import { detectionBoundMs } from './detection-bound.ts';

const timing = {
  scrape_interval: 5000,
  scrape_timeout: 4000,
  evaluation_interval: 5000,
  group_wait: 1000,
  group_interval: 1000,
  tiers: {},
};

describe('the detection bound', () => {
  it('is the wait for a scrape, for an evaluation and for the group', () => {
    expect(detectionBoundMs({ tier: 'A', forMs: 0 }, timing)).toBe(11_000);
  });

  it('rounds `for` up to whole evaluations, because nothing happens in between', () => {
    expect(detectionBoundMs({ tier: 'A', forMs: 10_000 }, timing)).toBe(21_000);
    expect(detectionBoundMs({ tier: 'A', forMs: 10_001 }, timing)).toBe(26_000);
  });

  it('adds the timeout of the scrape where the target can hang', () => {
    expect(detectionBoundMs({ tier: 'A', forMs: 10_000, canHang: true }, timing)).toBe(25_000);
  });

  it('takes the group_wait of the tier where it has one of its own', () => {
    const patient = { ...timing, tiers: { C: { group_wait: 300_000 } } };
    expect(detectionBoundMs({ tier: 'C', forMs: 0 }, patient)).toBe(310_000);
    expect(detectionBoundMs({ tier: 'A', forMs: 0 }, patient)).toBe(11_000);
  });

  it('counts the group_interval where it is longer: a group may still be there from the last time', () => {
    expect(detectionBoundMs({ tier: 'A', forMs: 0 }, { ...timing, group_interval: 5000 })).toBe(15_000);
  });

  it('adds what the condition itself needs to become true', () => {
    expect(
      detectionBoundMs({ tier: 'A', forMs: 0, onset: { ms: 35_000, reason: 'a missed probe' } }, timing),
    ).toBe(46_000);
  });

  it('is what the alerting reference measures for tier A at 15 s and 10 s of group_wait', () => {
    const slow = {
      scrape_interval: 15_000,
      scrape_timeout: 10_000,
      evaluation_interval: 15_000,
      group_wait: 10_000,
      group_interval: 10_000,
      tiers: {},
    };
    expect(detectionBoundMs({ tier: 'A', forMs: 30_000 }, slow)).toBe(70_000);
    expect(detectionBoundMs({ tier: 'A', forMs: 30_000, canHang: true }, slow)).toBe(80_000);
  });
});
