import { z } from 'zod';
import { type Weekday, wallClock, weekdays } from '../../kit/wall-clock.ts';

const dayMs = 24 * 3_600_000;
const weeks = ['first', 'second', 'third', 'fourth', 'last'] as const;
export type WeekOfMonth = (typeof weeks)[number];

/** When a drill is held again and again, on the wall clock of a plant. */
export interface ScheduleRule {
  /** Undefined: each week. */
  week: WeekOfMonth | undefined;
  weekday: Weekday;
  /** `10:00`. */
  time: string;
  /** An IANA name. */
  timezone: string;
}

/** `first saturday`, or `saturday` for each week. */
export const dayOfSchedule = z.string().transform((text, context) => {
  const words = text.trim().toLowerCase().split(/\s+/);
  const weekday = weekdays.find((name) => name === words.at(-1));
  const week = weeks.find((name) => name === words[0]);
  if (weekday && words.length === (week ? 2 : 1)) return { week, weekday };
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no day of a schedule; write one as in "first saturday" (${weeks.join(', ')}) or "saturday"`,
  });
  return z.NEVER;
});

/** The next times of the rule, in milliseconds since the epoch, none before `fromMs`. */
export function occurrences(rule: ScheduleRule, fromMs: number, count: number): number[] {
  const clock = wallClock(rule.timezone);
  const found: number[] = [];
  // Noon of each day in turn: a day has one noon, however long it is.
  for (let noon = momentOf(clock, clock(fromMs).date, '12:00'); found.length < count; noon += dayMs) {
    const { date, weekday } = clock(noon);
    if (weekday !== rule.weekday || !isWeek(rule.week, date)) continue;
    const ms = momentOf(clock, date, rule.time);
    if (ms >= fromMs) found.push(ms);
  }
  return found;
}

/** Whether a date lies in that week of its month, as in "the second Saturday". */
function isWeek(week: WeekOfMonth | undefined, date: string): boolean {
  if (week === undefined) return true;
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  if (week === 'last') return day + 7 > new Date(Date.UTC(year, month, 0)).getUTCDate();
  return Math.ceil(day / 7) === weeks.indexOf(week) + 1;
}

/** The moment at which a wall clock shows this. A time that summer time leaves out is taken as the moment after the gap. */
function momentOf(clock: ReturnType<typeof wallClock>, date: string, time: string): number {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  let ms = wanted;
  for (let tries = 0; tries < 3; tries++) {
    const shown = clock(ms);
    const off = wanted - Date.parse(`${shown.date}T${shown.time}:00Z`);
    if (off === 0) return ms;
    ms += off;
  }
  return ms;
}
