import { expect, test } from 'vitest';
import { parseSize, size, sizeOrShare, sizeText } from './size.ts';

test('Sizes are read with their binary units, and nothing else is.', () => {
  expect(['1B', '2KiB', '1.5 GiB', '64MiB'].map(parseSize)).toEqual([1, 2048, 1_610_612_736, 67_108_864]);
  for (const wrong of ['64', '64MB', '-1MiB', 'MiB', '1e3B', ''])
    expect(size.safeParse(wrong).success, wrong).toBe(false);
});

test('They are written as people would.', () => {
  expect([0, 512, 1536, 64 * 2 ** 20, 1.5 * 2 ** 30].map(sizeText)).toEqual([
    '0 B',
    '512 B',
    '1.5 KiB',
    '64 MiB',
    '1.5 GiB',
  ]);
});

test('What must stay of something may be a share of it.', () => {
  expect([sizeOrShare.parse('3%'), sizeOrShare.parse('1MiB')]).toEqual([{ share: 0.03 }, { bytes: 2 ** 20 }]);
  for (const wrong of ['101%', '3', '-1%']) expect(sizeOrShare.safeParse(wrong).success, wrong).toBe(false);
});
