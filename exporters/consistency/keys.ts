/** What names one record in every system: material and batch, in the order by which the rows come. */
export type Keys = readonly string[];

/**
 * The order of two keys by the bytes of their UTF-8, part by part: what PostgreSQL calls COLLATE "C" and MySQL a binary string.
 * Negative when `a` comes first. It is the one order that databases of different makes and languages agree on.
 */
export function compareKeys(a: Keys, b: Keys): number {
  const shorter = Math.min(a.length, b.length);
  for (let part = 0; part < shorter; part += 1) {
    const order = compareText(a[part] as string, b[part] as string);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Whether both name the same record. */
export function sameKeys(a: Keys, b: Keys): boolean {
  for (let part = 0; part < a.length; part += 1) if (a[part] !== b[part]) return false;
  return a.length === b.length;
}

/** A key as a person reads it: (M-1, B-7). */
export const keysText = (keys: Keys): string => `(${keys.join(', ')})`;

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (one !== other) return inByteOrder(one) - inByteOrder(other);
  }
  return a.length - b.length;
}

/** JavaScript's text is UTF-16, whose surrogates (beyond U+FFFF) lie below U+E000 to U+FFFF; in UTF-8 they lie above. */
function inByteOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
