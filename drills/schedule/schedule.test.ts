import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { shiftsSection } from '../../alerts/shifts.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { planSchedule, type ScheduleWish } from './plan-schedule.ts';
import { cronLine, onCalendar, systemdUnits } from './render.ts';
import { dayOfSchedule, occurrences, type ScheduleRule } from './rule.ts';

const rule = (text: string, time = '10:00', timezone = 'Asia/Shanghai'): ScheduleRule => ({
  ...dayOfSchedule.parse(text),
  time,
  timezone,
});
const from = Date.parse('2026-12-05T03:00:00Z'); // Saturday 11:00 in Shanghai, an hour after the drill of that day.
const command = {
  id: 'monthly',
  argv: ['/usr/bin/andon', 'drill', 'run', 'my drill.yaml'],
  folder: '/srv/plant 1',
};

/** What `date` of GNU says of the same moments: weekday, day of the month, time. */
const dates = (times: readonly number[], timezone: string): string[] =>
  times.map((ms) =>
    execFileSync('date', ['-d', `@${ms / 1000}`, '+%A %d %m %H:%M'], {
      env: { TZ: timezone, LC_ALL: 'C', PATH: process.env.PATH },
      encoding: 'utf8',
    }).trim(),
  );

describe('A schedule', () => {
  test.each([
    ['first saturday', ['Saturday 02 01 10:00', 'Saturday 06 02 10:00', 'Saturday 06 03 10:00']],
    ['second saturday', ['Saturday 12 12 10:00', 'Saturday 09 01 10:00', 'Saturday 13 02 10:00']],
    ['last sunday', ['Sunday 27 12 10:00', 'Sunday 31 01 10:00', 'Sunday 28 02 10:00']],
    ['wednesday', ['Wednesday 09 12 10:00', 'Wednesday 16 12 10:00', 'Wednesday 23 12 10:00']],
  ])('on the %s has these dates, none of them past.', (text, expected) => {
    expect(dates(occurrences(rule(text), from, 3), 'Asia/Shanghai')).toEqual(expected);
  });

  test('keeps to the wall clock over summer time.', () => {
    const berlin = rule('last sunday', '03:30', 'Europe/Berlin');
    const spring = Date.parse('2027-03-01T00:00:00Z');
    expect(dates(occurrences(berlin, spring, 2), 'Europe/Berlin')).toEqual([
      'Sunday 28 03 03:30',
      'Sunday 25 04 03:30',
    ]);
  });

  test.each(['saturday first', 'fifth monday', 'someday', ''])('cannot be on "%s".', (text) => {
    expect(dayOfSchedule.safeParse(text).error?.message).toMatch('is no day of a schedule');
  });
});

describe('A schedule in files', () => {
  test('says the day to systemd.', () => {
    expect(onCalendar(rule('first saturday'))).toBe('Sat *-*-01..07 10:00:00 Asia/Shanghai');
    expect(onCalendar(rule('last sunday'))).toBe('Sun *-*~07/1 10:00:00 Asia/Shanghai');
    expect(onCalendar(rule('monday', '06:05'))).toBe('Mon *-*-* 06:05:00 Asia/Shanghai');
  });

  test('is a service and a timer, with what needs quotes in quotes.', () => {
    const units = systemdUnits(rule('first saturday'), command);
    expect(Object.keys(units)).toEqual(['andon-drill-monthly.service', 'andon-drill-monthly.timer']);
    expect(units['andon-drill-monthly.service']).toMatch(
      'ExecStart=/usr/bin/andon drill run "my drill.yaml"\n',
    );
  });

  // The shell decides what cron would run: in which minute of 62 days does the line's own condition hold?
  test.each(['first saturday', 'third monday', 'last sunday', 'wednesday'])(
    'asks for the %s in cron, on the wall clock of the plant.',
    (text) => {
      const folder = tempFolder();
      const fake =
        '#!/bin/sh\nif [ "$1" = -d ]; then exec /bin/date -d "$NOW $2" "$3"; fi\nexec /bin/date -d "$NOW" "$1"\n';
      writeFileSync(path.join(folder, 'date'), fake, { mode: 0o755 });
      const line = cronLine(rule(text), command);
      expect(line).toMatch(/^\* \* \* \* \* /);
      const condition = line.slice(10).split(' && cd ')[0]?.replaceAll('\\%', '%') ?? '';
      const begin = Date.parse('2026-12-01T00:00:00Z');
      const held = occurrences(rule(text), begin, 2);
      const isTime = (ms: number) => {
        const env = { PATH: `${folder}:${process.env.PATH}`, NOW: new Date(ms).toISOString() };
        return (
          execFileSync('sh', ['-c', `${condition} && echo yes || true`], { env, encoding: 'utf8' }) ===
          'yes\n'
        );
      };
      // 10:00 in Shanghai is 02:00 UTC; a minute beside it, and 10:00 UTC, must not do.
      const days = Array.from({ length: 62 }, (_, day) => begin + day * 86_400_000 + 2 * 3_600_000);
      expect(days.filter(isTime).slice(0, 2)).toEqual(held);
      const beside = [-60_000, 60_000, 8 * 3_600_000].map((ms) => (held[0] ?? 0) + ms);
      expect(beside.filter(isTime)).toEqual([]);
    },
  );

  test('leaves watchdog and leashes alone when the runner of the service dies.', () => {
    expect(systemdUnits(rule('first saturday'), command)['andon-drill-monthly.service']).toMatch(
      'KillMode=process\n',
    );
  });
});

describe('The schedule that is chosen', () => {
  const calendar = {
    shifts: shiftsSection.parse({ timezone: 'Asia/Shanghai' }),
    windows: [{ days: ['sunday' as const], from: '08:00', to: '12:00' }],
    windowsInShift: false,
  };
  const wish: ScheduleWish = { week: undefined, weekday: undefined, time: undefined, monthly: true };
  const needs = { now: from, neededMs: 3_600_000, production: true };

  test('is in the window of the plant, or on the first Saturday where there is none.', () => {
    expect(planSchedule(wish, calendar, needs).rule).toMatchObject({
      week: 'first',
      weekday: 'sunday',
      time: '08:00',
    });
    expect(
      planSchedule(wish, { ...calendar, windows: [] }, { ...needs, production: false }).rule,
    ).toMatchObject({
      week: 'first',
      weekday: 'saturday',
      time: '10:00',
    });
  });

  test('is refused for production outside the window, with each date and the reason.', () => {
    const late: ScheduleWish = { ...wish, weekday: 'sunday', time: '11:30' };
    expect(() => planSchedule(late, calendar, needs)).toThrow(
      /2026-12-06T03:30:00.000Z: the drill window closes in 30m/,
    );
    expect(planSchedule(late, calendar, { ...needs, production: false }).next).toHaveLength(6);
  });
});
