import { z } from 'zod';

const units: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** `64MiB`, `1.5GiB`, `512B` → bytes, or undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(B|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Math.round(Number(amount) * (units[unit] ?? 0));
}

/** Bytes as people write them: `64 MiB`, `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const [unit = 'B', size = 1] = Object.entries(units).findLast(([, size]) => bytes >= size) ?? [];
  return `${Number((bytes / size).toFixed(1))} ${unit}`;
}

/** A size in a file: written `512MiB`, read as bytes. */
export const size = z.string().transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: `"${text}" is not a size; write 512KiB, 64MiB or 1.5GiB` });
  return z.NEVER;
});

/** What must stay of a whole: written as a size (`512MiB`) or as a share of it (`3%`). */
export type SizeOrShare = { bytes: number } | { share: number };

/** A size or a share in a file. */
export const sizeOrShare = z.string().transform((text, context): SizeOrShare => {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) return { share: Number(percent) / 100 };
  const bytes = parseSize(text);
  if (bytes !== undefined) return { bytes };
  context.addIssue({
    code: 'custom',
    message: `"${text}" is neither a size nor a share; write 512MiB or 3%`,
  });
  return z.NEVER;
});
