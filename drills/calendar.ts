import type { Shifts, Weekday, WeeklyTime } from '../alerts/shifts.ts';
import { weekdays } from '../alerts/shifts.ts';
import { promDuration } from '../kit/duration.ts';

const minuteMs = 60_000;
/** No weekly time is longer than a week, and a month with a week to spare always has each of them. */
const horizonMs = 40 * 24 * 60 * minuteMs;

/** When production may be broken: the windows of `drills`, the shifts and holidays of `alerts`. */
export interface DrillCalendar {
  shifts: Shifts;
  windows: readonly WeeklyTime[];
  windowsInShift: boolean;
}

/** The wall clock of a plant at one moment. */
export interface PlantTime {
  weekday: Weekday;
  /** `2026-12-05`. */
  date: string;
  /** `08:30`; compares as text. */
  time: string;
}

/** Reads the wall clock of a time zone (an IANA name). Made once and asked often: the formatter is expensive. */
export function plantClock(timezone: string): (atMs: number) => PlantTime {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    weekday: 'long',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (atMs) => {
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const { weekday = '', year, month, day, hour, minute } = parts;
    return {
      weekday: weekday.toLowerCase() as Weekday,
      date: `${year}-${month}-${day}`,
      time: `${hour}:${minute}`,
    };
  };
}

/** Whether a moment lies in one of these weekly times; those that end after midnight belong to the day they begin on. */
export function isWithin(times: readonly WeeklyTime[], now: PlantTime): boolean {
  const { evening, morning } = partsOf(times, now);
  return evening || morning;
}

/** Whether it lies in one that began today, and in one that began yesterday. */
function partsOf(
  times: readonly WeeklyTime[],
  { weekday, time }: PlantTime,
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

/** Why production may not be broken from this moment on for that long; undefined when it may. */
export function whyClosed(calendar: DrillCalendar, atMs: number, neededMs: number): string | undefined {
  const { shifts, windows, windowsInShift } = calendar;
  if (windows.length === 0) return 'no drill window is configured';
  const clock = plantClock(shifts.timezone);
  for (const ms of minutesOf(atMs, atMs + neededMs)) {
    const now = clock(ms);
    if (!isWithin(windows, now)) {
      if (ms === atMs) return `no drill window is open at ${describe(now, shifts)}`;
      return `the drill window closes in ${promDuration(ms - atMs)}, and this may take ${promDuration(wholeMinutes(neededMs))}`;
    }
    if (!windowsInShift && isShift(shifts, now))
      return `a shift works at ${describe(now, shifts)}${ms === atMs ? '' : `, and this may take ${promDuration(wholeMinutes(neededMs))}`}`;
  }
  return undefined;
}

/** A moment of each minute from the first to the last, both included. */
function* minutesOf(fromMs: number, toMs: number): Generator<number> {
  for (let ms = fromMs; ms < toMs; ms += minuteMs) yield ms;
  yield toMs;
}

/** The next moment, from this one on, at which production may be broken for that long; undefined when there is none soon. */
export function nextOpening(calendar: DrillCalendar, fromMs: number, neededMs: number): number | undefined {
  const { shifts, windows, windowsInShift } = calendar;
  if (windows.length === 0) return undefined;
  const clock = plantClock(shifts.timezone);
  const open = (ms: number) => {
    const now = clock(ms);
    return isWithin(windows, now) && (windowsInShift || !isShift(shifts, now));
  };
  // A wall clock changes its minute at every full minute of time, in each time zone.
  let begin: number | undefined;
  for (let ms = Math.ceil(fromMs / minuteMs) * minuteMs; ms < fromMs + horizonMs; ms += minuteMs) {
    begin = open(ms) ? (begin ?? ms) : undefined;
    if (begin !== undefined && ms - begin >= neededMs) return begin;
  }
  return undefined;
}

/** A night shift belongs to the day it begins on: a holiday ends none that has begun before, and one that begins on it is none. */
function isShift({ weekly, holidays }: Shifts, now: PlantTime): boolean {
  const isHoliday = (date: string) => holidays.some(({ from, to = from }) => from <= date && date <= to);
  const { evening, morning } = partsOf(weekly, now);
  return (evening && !isHoliday(now.date)) || (morning && !isHoliday(dayBefore(now.date)));
}

const dayBefore = (date: string): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - 24 * 60 * minuteMs).toISOString().slice(0, 10);

const wholeMinutes = (ms: number): number => Math.ceil(ms / minuteMs) * minuteMs;

const describe = ({ weekday, time }: PlantTime, { timezone }: Shifts): string =>
  `${time} on a ${weekday[0]?.toUpperCase()}${weekday.slice(1)} (${timezone})`;
