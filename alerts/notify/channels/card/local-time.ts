import type { WallClock } from '../../../../kit/wall-clock.ts';
import type { Words } from './words.ts';

/** How times are written. */
export interface TimeStyle {
  readonly words: Words;
  readonly clock: WallClock;
}

/** `2026-01-31 16:15 UTC+8`: a time as the clocks of the plant show it. */
export function localTime(epochMs: number, { clock, words }: TimeStyle): string {
  if (Number.isNaN(epochMs)) return words.unknownTime;
  const { date, time, zone } = clock(epochMs);
  return `${date} ${time} ${zone}`;
}

/** `2026-01-31 16:15 – 16:27 UTC+8`. */
export function localSpan(startMs: number, endMs: number, style: TimeStyle): string {
  const [start, end] = [startMs, endMs].map((ms) => (Number.isNaN(ms) ? undefined : style.clock(ms)));
  if (start === undefined || start.date !== end?.date || start.zone !== end.zone)
    return `${localTime(startMs, style)} – ${localTime(endMs, style)}`;
  return `${start.date} ${start.time} – ${end.time} ${end.zone}`;
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
