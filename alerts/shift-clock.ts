import { type WallTime, wallClock, weekdays } from '../kit/wall-clock.ts';
import type { Shifts, WeeklyTime } from './shifts.ts';

/** Whether a moment lies in one of these weekly times; those that end after midnight belong to the day they begin on. */
export function isWithin(times: readonly WeeklyTime[], now: WallTime): boolean {
  const { evening, morning } = partsOf(times, now);
  return evening || morning;
}

/** Whether it lies in one that began today, and in one that began yesterday. */
function partsOf(
  times: readonly WeeklyTime[],
  { weekday, time }: WallTime,
): { evening: boolean; morning: boolean } {
  const yesterday = weekdays[(weekdays.indexOf(weekday) + 6) % 7];
  const overnight = ({ from, to }: WeeklyTime) => to <= from;
  return {
    evening: times.some(
      (one) => one.days.includes(weekday) && time >= one.from && (overnight(one) || time < one.to),
    ),
    morning: times.some(
      (one) => overnight(one) && yesterday !== undefined && one.days.includes(yesterday) && time < one.to,
    ),
  };
}

/** A night shift belongs to the day it begins on: a holiday ends none that has begun before, and one that begins on it is none. */
export function isShift({ weekly, holidays }: Shifts, now: WallTime): boolean {
  const isHoliday = (date: string) => holidays.some(({ from, to = from }) => from <= date && date <= to);
  const { evening, morning } = partsOf(weekly, now);
  return (evening && !isHoliday(now.date)) || (morning && !isHoliday(dayBefore(now.date)));
}

const dayBefore = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - 24 * 3_600_000).toISOString().slice(0, 10);

/** Whether a shift works at a moment (Unix milliseconds); always, where no shift is configured. */
export function inShiftAt(shifts: Shifts): (at: number) => boolean {
  if (shifts.weekly.length === 0) return () => true;
  const clock = wallClock(shifts.timezone);
  return (at) => isShift(shifts, clock(at));
}
