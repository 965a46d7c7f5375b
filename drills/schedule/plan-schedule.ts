import { isoTime } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { wallClock } from '../../kit/wall-clock.ts';
import { type DrillCalendar, nextOpening, whyClosed } from '../calendar.ts';
import { occurrences, type ScheduleRule, type WeekOfMonth } from './rule.ts';

/** How many dates are shown and checked. */
const shown = 6;

/** What a person asked for; the rest is chosen. */
export interface ScheduleWish {
  week: WeekOfMonth | undefined;
  weekday: ScheduleRule['weekday'] | undefined;
  time: string | undefined;
  monthly: boolean;
}

export interface Schedule {
  rule: ScheduleRule;
  /** The next times, in milliseconds since the epoch. */
  next: number[];
}

/**
 * Makes a schedule: the day and time that were asked for, else the first drill window of a month (or week), else the first Saturday
 * at 10:00. With `production`, each of its next dates must lie in a window; throws a UsageError that names those that do not.
 */
export function planSchedule(
  wish: ScheduleWish,
  calendar: DrillCalendar,
  { now, neededMs, production }: { now: number; neededMs: number; production: boolean },
): Schedule {
  const opening = nextOpening(calendar, now, neededMs);
  const chosen = opening === undefined ? undefined : wallClock(calendar.shifts.timezone)(opening);
  const rule: ScheduleRule = {
    week: wish.week ?? (wish.monthly ? 'first' : undefined),
    weekday: wish.weekday ?? chosen?.weekday ?? 'saturday',
    time: wish.time ?? chosen?.time ?? '10:00',
    timezone: calendar.shifts.timezone,
  };
  const next = occurrences(rule, now, shown);
  if (production) refuseClosed(next, calendar, neededMs);
  return { rule, next };
}

function refuseClosed(next: readonly number[], calendar: DrillCalendar, neededMs: number): void {
  const closed = next.flatMap((ms) => {
    const why = whyClosed(calendar, ms, neededMs);
    return why === undefined ? [] : [`${isoTime(ms)}: ${why}`];
  });
  if (closed.length === 0) return;
  throw new UsageError(
    'schedule.window',
    `this breaks production, and would not be in a drill window:\n  ${closed.join('\n  ')}`,
    {
      mend: 'Choose another --on and --at, or write a longer window under drills.windows in andon.yaml.',
    },
  );
}
