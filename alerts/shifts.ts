import { z } from 'zod';
import { timezone, type Weekday, weekdays } from '../kit/wall-clock.ts';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day, as in 08:00');

/** A time of the week that comes again: a shift, or a window for drills. */
export const weeklyTime = z.strictObject({
  name: z.string().optional(),
  days: z.array(z.enum(weekdays)).min(1),
  from: timeOfDay,
  /** Earlier than `from`: it ends on the next day. */
  to: timeOfDay,
});
export type WeeklyTime = z.output<typeof weeklyTime>;

const day = z.iso.date();

/** `alerts.shifts:` in andon.yaml: when the plant works. Without a shift it works always. */
export const shiftsSection = z
  .strictObject({
    /** An IANA name. Alertmanager must know it too: install tzdata where it does not. */
    timezone: timezone.default('UTC'),
    weekly: z.array(weeklyTime).default([]),
    /** Days on which nobody works, whatever the week says. */
    holidays: z
      .array(z.strictObject({ from: day, to: day.optional() }))
      .default([])
      .superRefine((holidays, context) => {
        for (const [index, { from, to }] of holidays.entries())
          if (to !== undefined && to < from)
            context.addIssue({ code: 'custom', path: [index, 'to'], message: 'must not be before from' });
      }),
  })
  .prefault({});
export type Shifts = z.output<typeof shiftsSection>;

/** Names of the time intervals in alertmanager.yml. */
export const intervalNames = { shift: 'shift', holidays: 'holidays' } as const;

interface TimeInterval {
  name: string;
  time_intervals: Record<string, unknown>[];
}

/** The shifts as Alertmanager's `time_intervals` (0.25 and later, with `location`); none where the plant works always. */
export function timeIntervals({ timezone, weekly, holidays }: Shifts): TimeInterval[] {
  const location = { location: timezone };
  const shift = weekly.flatMap(({ days, from, to }) => spansOf(days, from, to));
  const holiday = holidays.flatMap(({ from, to = from }) => datesOf(from, to));
  return [
    ...(shift.length > 0
      ? [{ name: intervalNames.shift, time_intervals: shift.map((span) => ({ ...span, ...location })) }]
      : []),
    ...(holiday.length > 0
      ? [
          {
            name: intervalNames.holidays,
            time_intervals: holiday.map((dates) => ({ ...dates, ...location })),
          },
        ]
      : []),
  ];
}

/** Alertmanager's times of a day do not cross midnight: such a shift becomes two spans. */
function spansOf(days: readonly Weekday[], from: string, to: string): Record<string, unknown>[] {
  const span = (on: readonly Weekday[], start: string, end: string) => ({
    weekdays: [...on],
    times: [{ start_time: start, end_time: end }],
  });
  if (from < to) return [span(days, from, to)];
  const next = days.map((name) => weekdays[(weekdays.indexOf(name) + 1) % 7] ?? name);
  return [span(days, from, '24:00'), ...(to === '00:00' ? [] : [span(next, '00:00', to)])];
}

/** A range of days, month by month: Alertmanager knows years, months and days of a month, and no dates. */
function datesOf(from: string, to: string): Record<string, unknown>[] {
  const dates: Record<string, unknown>[] = [];
  for (let start = from; start <= to; ) {
    const [year = 0, month = 1, first = 1] = start.split('-').map(Number);
    const monthEnd = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
    const last = to < monthEnd ? to : monthEnd;
    dates.push({
      years: [String(year)],
      months: [String(month)],
      days_of_month: [`${first}:${Number(last.slice(8))}`],
    });
    start = new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
  }
  return dates;
}
