import { describe, expect, it } from 'vitest';
import { WorstAnswers } from './hypothesis.ts';
import type { ProbeResult } from './probe.ts';

const answer = (value: number | null, expect: string, ok: boolean): ProbeResult => ({
  name: 'a probe',
  value,
  expect,
  ok,
});

function worstOf(...answers: ProbeResult[]): number | null | undefined {
  const worst = new WorstAnswers();
  for (const one of answers) worst.add([one]);
  return worst.results()[0]?.value;
}

describe('The worst answer of a probe', () => {
  it('is the lowest where low is bad, and the highest where high is bad.', () => {
    expect(
      worstOf(answer(1, '>= 0.9', true), answer(0.2, '>= 0.9', false), answer(0.5, '>= 0.9', false)),
    ).toBe(0.2);
    expect(worstOf(answer(1, '<= 2', true), answer(20, '<= 2', false), answer(3, '<= 2', false))).toBe(20);
  });

  it('is the one that does not meet an equality, on whichever side it lies.', () => {
    expect(
      worstOf(answer(200, '== 200', true), answer(503, '== 200', false), answer(200, '== 200', true)),
    ).toBe(503);
  });

  it('is no answer at all, if there was one.', () => {
    expect(
      worstOf(answer(0, '>= 1', false), answer(null, '>= 1', false), answer(1, '>= 1', true)),
    ).toBeNull();
  });
});
