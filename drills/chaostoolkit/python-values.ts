/** A JSON object, as opposed to a list, a text or nothing. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Equality as Python has it: `true` equals 1 and `false` equals 0; lists and objects are compared deeply. */
export function pythonEqual(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => pythonEqual(item, right[index]));
  }
  if (isRecord(left) || isRecord(right)) {
    if (!isRecord(left) || !isRecord(right)) return false;
    const keys = Object.keys(left);
    if (keys.length !== Object.keys(right).length) return false;
    return keys.every((key) => Object.hasOwn(right, key) && pythonEqual(left[key], right[key]));
  }
  return asNumber(left) === asNumber(right);
}

const asNumber = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

/** Whether low <= value <= high; values of different kinds cannot be ordered, and are never between. */
export function between(low: unknown, value: unknown, high: unknown): boolean {
  const [a, b, c] = [asNumber(low), asNumber(value), asNumber(high)];
  if (typeof a === 'number' && typeof b === 'number' && typeof c === 'number') return a <= b && b <= c;
  if (typeof a === 'string' && typeof b === 'string' && typeof c === 'string') return a <= b && b <= c;
  return false;
}

/** A value as Python's `str` writes it: it stands so in an address, a header or an argument. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string')
    return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonRepr(key)}: ${pythonRepr(item)}`)
      .join(', ')}}`;
  return String(value);
}
