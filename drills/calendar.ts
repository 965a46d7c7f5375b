import { isShift, isWithin } from '../alerts/shift-clock.ts';
import type { Shifts, WeeklyTime } from '../alerts/shifts.ts';
import { promDuration } from '../kit/duration.ts';
import { type WallTime, wallClock } from '../kit/wall-clock.ts';

const minuteMs = 60_000;
/** No weekly time is longer than a week, and a month with a week to spare always has each of them. */
const horizonMs = 40 * 24 * 60 * minuteMs;

/** When production may be broken: the windows of `drills`, the shifts and holidays of `alerts`. */
export interface DrillCalendar {
  shifts: Shifts;
  windows: readonly WeeklyTime[];
  windowsInShift: boolean;
}

/** Why production may not be broken from this moment on for that long; undefined when it may. */
export function whyClosed(calendar: DrillCalendar, atMs: number, neededMs: number): string | undefined {
  const { shifts, windows, windowsInShift } = calendar;
  if (windows.length === 0) return 'no drill window is configured';
  const clock = wallClock(shifts.timezone);
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
  const clock = wallClock(shifts.timezone);
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

const wholeMinutes = (ms: number): number => Math.ceil(ms / minuteMs) * minuteMs;

const describe = ({ weekday, time }: WallTime, { timezone }: Shifts): string =>
  `${time} on a ${weekday[0]?.toUpperCase()}${weekday.slice(1)} (${timezone})`;
