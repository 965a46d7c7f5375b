import type { SqlAnswer } from '../../sql/session.ts';

/** How many rows there may be. */
export interface Guard {
  min?: number | undefined;
  max?: number | undefined;
}

export const inGuard = (count: number, { min = 0, max = Number.POSITIVE_INFINITY }: Guard): boolean =>
  count >= min && count <= max;

/** The guard, for people. */
export function guardText(mode: 'read' | 'write', { min, max }: Guard): string {
  const verb = mode === 'read' ? 'returned' : 'changed';
  if (min === undefined && max === undefined) return `any number of rows may be ${verb}`;
  const limits = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return `${limits.join(' and ')} may be ${verb}`;
}

/** Longer texts are cut: they go into the audit log. */
const longestText = 500;

/** What an answer leaves in the audit log: the number of rows, and the first of them. */
export function readDetails({ columns, rows, count }: SqlAnswer): {
  rows: number;
  first: Record<string, unknown>[];
} {
  const first = rows.map((row) =>
    Object.fromEntries(row.map((value, index) => [columns[index] ?? `column ${index + 1}`, plain(value)])),
  );
  return { rows: count, first };
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string')
    return value.length > longestText ? `${value.slice(0, longestText)}…` : value;
  if (typeof value === 'object' && value !== null) return plain(JSON.stringify(value));
  return value;
}
