// Figures as people read them: the same in every sentence, table and plot.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** `12,345` or `0.25`: at most two digits after the point. */
export const count = (value: number): string => grouped.format(value);

const fine = new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });

/** A measured value against its limit: four digits after the point, so that 0.998 is not called 1. */
export const measured = (value: number): string => fine.format(value);

/** `18.2 s`, `2 min 05 s`, `1 h 04 min`. */
export function seconds(value: number): string {
  if (Math.abs(value) < 120) return `${grouped.format(Math.round(value * 10) / 10)} s`;
  const whole = Math.round(value);
  const pad = (part: number) => String(part).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.round((whole % 3600) / 60))} min`;
}

export const milliseconds = (value: number | null): string =>
  value === null ? '–' : value >= 10_000 ? seconds(value / 1000) : `${grouped.format(Math.round(value))} ms`;

/** 0.0123 → `1.23 %`. */
export const percent = (ratio: number): string => `${grouped.format(ratio * 100)} %`;

/** `1 session`, `14 sessions`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** An ISO time's clock, UTC: `09:31:16.204`. */
export const clockOf = (iso: string): string => iso.slice(11, 23);

/** `2026-11-22 09:31:16 UTC`. */
export const momentOf = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

/** Seconds between two ISO times. */
export const between = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
