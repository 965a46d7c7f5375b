import { expect, test } from 'vitest';
import { readinessOf } from './readiness.ts';

const run = (name: string, score: number) => ({
  name,
  report: { verdict: score >= 90 ? ('passed' as const) : ('failed' as const), score },
});

test('A cause counts as much as it stops real plants, whatever the number of its drills.', () => {
  const planned = [
    { name: 'third-party-down', cause: 'third-party' as const },
    { name: 'db-lock', cause: 'database' as const },
    { name: 'db-deadlocks', cause: 'database' as const },
  ];
  const { score, causes } = readinessOf(planned, [
    run('third-party-down', 50),
    run('db-lock', 100),
    run('db-deadlocks', 80),
  ]);
  expect(causes).toEqual([
    { cause: 'third-party', weight: 56.7, drills: 1, passed: 0, score: 50 },
    { cause: 'database', weight: 43.3, drills: 2, passed: 1, score: 90 },
  ]);
  expect(score).toBeCloseTo((38 * 50 + 29 * 90) / 67, 1);
});

test('A drill that was not held counts nothing, and all of them held well count 100.', () => {
  const planned = [
    { name: 'a', cause: 'network' as const },
    { name: 'b', cause: 'load' as const },
  ];
  expect(readinessOf(planned, [run('a', 100)]).score).toBe(50);
  expect(readinessOf(planned, [run('a', 100), run('b', 100)]).score).toBe(100);
  expect(readinessOf([], [])).toEqual({ score: 0, causes: [] });
});
