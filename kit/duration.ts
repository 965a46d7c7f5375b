import { z } from 'zod';

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `5m`, `1h30m`, `250ms` → milliseconds, or undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return total;
}

/** Milliseconds → the form Prometheus reads: `30s`, `1m30s`, `500ms`. */
export function promDuration(ms: number): string {
  if (ms === 0) return '0s';
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join('');
}

const notOne = (written: unknown): string => `"${written}" is not a duration; write 500ms, 30s, 5m or 1h30m`;

/** A duration in a file: written `30s`, read as milliseconds. */
export const duration = z
  .string({ error: ({ input }) => (typeof input === 'number' ? notOne(input) : undefined) })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: notOne(text) });
    return z.NEVER;
  });
