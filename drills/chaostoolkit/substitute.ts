import { isRecord, pythonText } from './python-values.ts';

/** What `${name}` may stand for: the configuration first, then the values inside each group of secrets. */
export interface Variables {
  configuration: Readonly<Record<string, unknown>>;
  secrets: Readonly<Record<string, unknown>>;
}

/** `$$`, `$name` and `${name}`, as Python's string.Template reads them. */
const pattern = /\$(?:(?<escaped>\$)|(?<named>[_a-z][_a-z0-9]*)|\{(?<braced>[_a-z][_a-z0-9]*)\})/gi;
const wholly = /^\$\{([_a-z][_a-z0-9]*)\}$/i;

/**
 * Puts values in for names, everywhere in a text, list or object. A text that is `${name}` alone becomes the value with its type;
 * within other text the value is written out. Names that nobody knows stay as they are.
 */
export function substitute(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return substituteText(value, variables);
  if (Array.isArray(value)) return value.map((item) => substitute(item, variables));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, variables)]));
}

function substituteText(text: string, variables: Variables): unknown {
  const whole = wholly.exec(text)?.[1];
  const found = whole === undefined ? undefined : lookUp(whole, variables);
  if (found) return found.value;
  return text.replace(pattern, (written, escaped, named, braced) => {
    if (escaped) return '$';
    const inside = lookUp(named ?? braced, variables);
    return inside ? pythonText(inside.value) : written;
  });
}

function lookUp(name: string, { configuration, secrets }: Variables): { value: unknown } | undefined {
  for (const group of [configuration, ...Object.values(secrets)])
    if (isRecord(group) && Object.hasOwn(group, name)) return { value: group[name] };
  return undefined;
}

/** Whether there is anything to put in: without, Chaos Toolkit hands arguments on exactly as they are written. */
export const hasVariables = ({ configuration, secrets }: Variables): boolean =>
  Object.keys(configuration).length > 0 || Object.keys(secrets).length > 0;
