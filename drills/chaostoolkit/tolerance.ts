import type { Tolerance, ToleranceProbe } from './activity-schema.ts';
import { findByPath } from './json-path.ts';
import { compilePythonRegex } from './python-regex.ts';
import { between, isRecord, pythonEqual, pythonText } from './python-values.ts';
import { substitute, type Variables } from './substitute.ts';

/** What a tolerance is judged with. */
export interface Judging {
  variables: Variables;
  /** Asks a tolerance that is itself a probe. */
  ask: (probe: ToleranceProbe, value: unknown) => Promise<boolean>;
}

/** Whether what a probe has given is within its tolerance. A value of a kind the tolerance cannot judge is not. */
export async function withinTolerance(
  written: Tolerance,
  value: unknown,
  judging: Judging,
): Promise<boolean> {
  const tolerance = typeof written === 'string' ? substitute(written, judging.variables) : written;
  if (Array.isArray(tolerance)) return withinList(tolerance, value);
  if (isRecord(tolerance)) return withinObject(tolerance as Exclude<Tolerance, string>, value, judging);
  if (typeof tolerance === 'number' && isRecord(value) && 'status' in value)
    return pythonEqual(value.status, tolerance);
  return tolerance !== null && pythonEqual(value, tolerance);
}

function withinList(tolerance: readonly unknown[], value: unknown): boolean {
  const isIn = (wanted: unknown) => tolerance.some((item) => pythonEqual(item, wanted));
  if (isRecord(value) && 'status' in value) return isIn(value.status);
  return tolerance.length === 2 ? between(tolerance[0], value, tolerance[1]) : isIn(value);
}

async function withinObject(tolerance: Tolerance, value: unknown, judging: Judging): Promise<boolean> {
  if (!isRecord(tolerance)) return false;
  switch (tolerance.type) {
    case 'probe':
      return judging.ask(tolerance, value);
    case 'regex': {
      const text = targeted(tolerance.target, value);
      const pattern = pythonText(substitute(tolerance.pattern, judging.variables));
      return typeof text === 'string' && compilePythonRegex(pattern).test(text);
    }
    case 'jsonpath':
      return withinJsonPath(tolerance, targeted(tolerance.target, value), judging.variables);
    case 'range': {
      const number = decimalOf(targeted(tolerance.target, value));
      const [low, high] = tolerance.range;
      return number !== undefined && low <= number && number <= high;
    }
  }
}

/** The part of the value that `target` names: `stdout`, `body`; all of it where there is no such part. */
const targeted = (target: string | undefined, value: unknown): unknown =>
  target !== undefined && target !== '' && isRecord(value) && Object.hasOwn(value, target)
    ? value[target]
    : value;

function withinJsonPath(
  tolerance: { path: string; count?: number | undefined; expect?: unknown },
  value: unknown,
  variables: Variables,
): boolean {
  const found = findByPath(pythonText(substitute(tolerance.path, variables)), parsedIfText(value));
  if ('expect' in tolerance) {
    const expected = substitute(tolerance.expect, variables);
    return pythonEqual(found, Array.isArray(expected) ? expected : [expected]);
  }
  return tolerance.count === undefined ? found.length > 0 : found.length === tolerance.count;
}

function parsedIfText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A number, or a text that is one, as an HTTP body or what a process has printed often is. */
function decimalOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value))
    return undefined;
  return Number(value);
}
