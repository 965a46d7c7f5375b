import { z } from 'zod';

const units: Record<string, number> = { B: 1, kB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1024 * 1024 };

/** `64KiB/s`, `1.5MB/s`, `500B/s` → bytes per second, or undefined when it is no rate. */
export function parseRate(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(B|kB|KiB|MB|MiB)\/s$/.exec(text) ?? [];
  const bytes = Number(amount) * (units[unit ?? ''] ?? Number.NaN);
  return bytes >= 1 ? Math.round(bytes) : undefined;
}

/** A rate in a file: written `64KiB/s`, read as bytes per second. Bits are not taken: `Mb` and `MB` are too easily mistaken. */
export const rate = z.string().transform((text, context) => {
  const bytes = parseRate(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is no rate; write 500B/s, 64KiB/s, 1.5MB/s (bytes, not bits; kB = 1000, KiB = 1024)`,
  });
  return z.NEVER;
});
