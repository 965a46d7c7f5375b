import { z } from 'zod';

/** Monday first, as ISO 8601 counts. */
export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof weekdays)[number];

/** What the clocks of a plant show at one moment. */
export interface WallTime {
  weekday: Weekday;
  /** `2026-12-05`. */
  date: string;
  /** `08:30`; compares as text. */
  time: string;
  /** `08:30:59`. */
  timeToSecond: string;
  /** `UTC+8`. */
  zone: string;
}

const isTimezone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
};

/** An IANA name. */
export const timezone = z.string().refine(isTimezone, 'is no time zone; write one as in Asia/Shanghai');

export type WallClock = (atMs: number) => WallTime;

/** Reads the wall clock of a time zone (an IANA name). Made once and asked often: the formatter is expensive. */
export function wallClock(timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    ...{ weekday: 'long', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    timeZoneName: 'shortOffset',
  });
  return (atMs) => {
    const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const { weekday = '', year, month, day, hour, minute, second, timeZoneName = '' } = parts;
    const time = `${hour}:${minute}`;
    return {
      weekday: weekday.toLowerCase() as Weekday,
      date: `${year}-${month}-${day}`,
      time,
      timeToSecond: `${time}:${second}`,
      zone: timeZoneName.replace('GMT', 'UTC'),
    };
  };
}
