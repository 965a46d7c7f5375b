import type { Words } from './words.ts';

/** How times are written; a format is costly to make, so it is made once for a card. */
export interface TimeStyle {
  readonly words: Words;
  readonly format: Intl.DateTimeFormat;
}

/** The format for a time zone. */
export const timeFormat = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  });

/** `2026-01-31 16:15 UTC+8`: a time as the clocks of the plant show it. */
export function localTime(epochMs: number, { format, words }: TimeStyle): string {
  const time = partsOf(epochMs, format);
  return time === undefined ? words.unknownTime : `${time.date} ${time.clock} ${time.zone}`;
}

/** `2026-01-31 16:15 – 16:27 UTC+8`. */
export function localSpan(startMs: number, endMs: number, style: TimeStyle): string {
  const [start, end] = [partsOf(startMs, style.format), partsOf(endMs, style.format)];
  if (start === undefined || start.date !== end?.date || start.zone !== end.zone)
    return `${localTime(startMs, style)} – ${localTime(endMs, style)}`;
  return `${start.date} ${start.clock} – ${end.clock} ${end.zone}`;
}

function partsOf(
  epochMs: number,
  format: Intl.DateTimeFormat,
): { date: string; clock: string; zone: string } | undefined {
  if (Number.isNaN(epochMs)) return undefined;
  const part = new Map(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
  return {
    date: `${part.get('year')}-${part.get('month')}-${part.get('day')}`,
    clock: `${part.get('hour')}:${part.get('minute')}`,
    zone: part.get('timeZoneName')?.replace('GMT', 'UTC') ?? '',
  };
}

const units = [
  { name: 'days', ms: 86_400_000 },
  { name: 'hours', ms: 3_600_000 },
  { name: 'minutes', ms: 60_000 },
  { name: 'seconds', ms: 1000 },
] as const;

/** `1 h 5 min`: the largest unit and the next one; seconds only below a minute. Never negative: clocks differ. */
export function durationText(ms: number, words: Words): string {
  const largest = units.findIndex((unit) => ms >= unit.ms);
  const shown =
    largest === -1 ? units.slice(-1) : largest === 2 ? units.slice(2, 3) : units.slice(largest, largest + 2);
  let rest = Math.max(0, ms);
  const parts = shown.map(({ name, ms: size }) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { name, count };
  });
  return parts
    .filter(({ count }, index) => index === 0 || count > 0)
    .map(({ name, count }) => `${count} ${words.unit[name]}`)
    .join(' ');
}
