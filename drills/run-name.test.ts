import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runName } from './run-name.ts';

test('A run keeps its own name as long as PostgreSQL can hold it.', () => {
  expect(runName('20261122T111500Z-db-lock-3f2a')).toBe('andon-drill-20261122T111500Z-db-lock-3f2a');
});

test('Any run has a name of at most 63 plain bytes, and different runs have different names.', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200, unit: 'grapheme' }),
      fc.string({ maxLength: 200 }),
      (one, other) => {
        expect(runName(one)).toMatch(/^andon-drill-[\w.:-]{0,51}$/);
        expect(runName(one) === runName(other)).toBe(one === other);
      },
    ),
  );
  const long = 'x'.repeat(100);
  expect(runName(`${long}a`)).not.toBe(runName(`${long}b`));
});
