import { expect, test } from 'vitest';
import { parseRate, rate } from './rate.ts';

test('A rate is read as bytes per second.', () => {
  const read = ['500B/s', '2kB/s', '64KiB/s', '1.5MB/s', '1 MiB/s'].map(parseRate);
  expect(read).toEqual([500, 2000, 65_536, 1_500_000, 1_048_576]);
});

test('What is no rate is refused with the way to write one.', () => {
  for (const text of ['64', '64KB', '1Mb/s', '-1B/s', '0B/s', '1GiB/s', '']) {
    const { error } = rate.safeParse(text);
    expect(error?.issues[0]?.message).toContain(`"${text}" is no rate; write 500B/s`);
  }
  expect(rate.safeParse(64).success).toBe(false);
});
