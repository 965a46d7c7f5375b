import { isoTime } from '../../../kit/clock.ts';
import { type Html, html } from '../../../kit/safe-html.ts';
import { wallClock } from '../../../kit/wall-clock.ts';

/** Writes times as the plant's wall clock shows them, with UTC for whoever compares logs. */
export type PlantTime = (at: number | string | null) => Html | string;

export function plantTime(timezone: string): PlantTime {
  const clock = wallClock(timezone);
  return (at) => {
    if (at === null) return '';
    const utc = isoTime(typeof at === 'number' ? at : Date.parse(at));
    const { date, timeToSecond } = clock(Date.parse(utc));
    return html`<time datetime="${utc}" title="${utc} (UTC)">${`${date} ${timeToSecond}`}</time>`;
  };
}

/** How long something takes or is left, no finer than a person acts on it. */
export function roughly(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** A text of the engine, whose times are UTC, with these times as the plant's. */
export const withTimes = (text: string, time: PlantTime): (Html | string)[] =>
  text
    .split(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/)
    .map((part, index) => (index % 2 === 1 ? time(part) : part));
