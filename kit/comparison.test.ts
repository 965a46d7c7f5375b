import { describe, expect, it } from 'vitest';
import { parseComparison } from './comparison.ts';

describe('A comparison', () => {
  it('holds and does not hold on both sides of its limit.', () => {
    const cases: [string, number, boolean][] = [
      ['>= 0.99', 0.99, true],
      ['>= 0.99', 0.98, false],
      ['> 0', 0, false],
      ['<= 2', 3, false],
      ['< -1', -2, true],
      ['== 200', 200, true],
      ['!= 200', 200, false],
    ];
    for (const [text, value, holds] of cases) expect(parseComparison(text)?.holds(value), text).toBe(holds);
  });

  it('that is none is refused.', () => {
    for (const text of ['0.99', '=> 1', '>= a', '>= 1 or so', ''])
      expect(parseComparison(text)).toBeUndefined();
  });
});
