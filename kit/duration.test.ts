import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, promDuration } from './duration.ts';

describe('A duration', () => {
  it('is read in all its forms.', () => {
    expect(parseDuration('1h30m')).toBe(5_400_000);
    expect(parseDuration('250ms')).toBe(250);
  });

  it('that is none is refused.', () => {
    for (const text of ['', '5', 'soon', '5 s', '-5s', '5s later'])
      expect(parseDuration(text)).toBeUndefined();
  });

  it('survives being written for Prometheus and read again.', () => {
    fc.assert(fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => parseDuration(promDuration(ms)) === ms));
  });
});
