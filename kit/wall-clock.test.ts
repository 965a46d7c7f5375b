import { expect, test } from 'vitest';
import { timezone, wallClock } from './wall-clock.ts';

test('A wall clock shows what the clocks of the plant show, midnight and the change to summer time included.', () => {
  const shanghai = wallClock('Asia/Shanghai');
  expect(shanghai(Date.parse('2026-01-31T16:00:09Z'))).toEqual({
    ...{ weekday: 'sunday', date: '2026-02-01', time: '00:00', timeToSecond: '00:00:09', zone: 'UTC+8' },
  });
  const berlin = wallClock('Europe/Berlin');
  expect(berlin(Date.parse('2026-03-29T00:59:59Z'))).toMatchObject({
    timeToSecond: '01:59:59',
    zone: 'UTC+1',
  });
  expect(berlin(Date.parse('2026-03-29T01:00:00Z'))).toMatchObject({ time: '03:00', zone: 'UTC+2' });
  expect(wallClock('UTC')(0)).toMatchObject({
    weekday: 'thursday',
    date: '1970-01-01',
    zone: expect.stringMatching(/^UTC/),
  });
});

test('A name that no time zone has is refused.', () => {
  expect(timezone.safeParse('Asia/Shanghai').success).toBe(true);
  expect(timezone.safeParse('Asia/Shangai').error?.issues[0]?.message).toContain('is no time zone');
});
