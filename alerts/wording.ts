import { promDuration } from '../kit/duration.ts';

/** `0.07` → `7 %`. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(6))} %`;

/** Milliseconds as people read them: `90_000` → `1 min 30 s`. */
export function span(ms: number): string {
  return promDuration(ms)
    .replaceAll(/(\d)(ms|[dhms])(?=\d|$)/g, (_, digit, unit) => `${digit} ${unit === 'm' ? 'min' : unit} `)
    .trim();
}
