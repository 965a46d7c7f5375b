import { isoTime } from '../../../kit/clock.ts';
import { type Html, html } from '../../../kit/safe-html.ts';

/** Writes times as the plant's wall clock shows them, with UTC for whoever compares logs. */
export type PlantTime = (at: number | string | null) => Html | string;

/** Made once and asked often: the formatter is expensive. */
export function plantTime(timezone: string): PlantTime {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  });
  return (at) => {
    if (at === null) return '';
    const utc = isoTime(typeof at === 'number' ? at : Date.parse(at));
    const { year, month, day, hour, minute, second } = Object.fromEntries(
      format.formatToParts(Date.parse(utc)).map(({ type, value }) => [type, value]),
    );
    return html`<time datetime="${utc}" title="${utc} (UTC)">${`${year}-${month}-${day} ${hour}:${minute}:${second}`}</time>`;
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
