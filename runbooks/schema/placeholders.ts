/** How a value that came from outside is put into a text. */
export type Encoding = 'as-it-is' | 'url' | 'promql';

const encodings: Record<Encoding, (value: string) => string> = {
  'as-it-is': (value) => value,
  url: encodeURIComponent,
  // Inside a quoted string of PromQL.
  promql: (value) =>
    value.replaceAll(/[\\"'\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`)),
};

const placeholder = /\$\{(inputs|result)\.([\w-]+)\}/g;

/** `${inputs.line}` → `inputs.line`, for each place in the text. */
export const placeholdersIn = (text: string): string[] =>
  [...text.matchAll(placeholder)].map(([, source, name]) => `${source}.${name}`);

/** Every text in a value, with its path. */
export function textsIn(
  value: unknown,
  path: readonly string[] = [],
): { path: readonly string[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}

/** The values that placeholders stand for: `{'inputs.line': 'L1'}`. */
export type PlaceholderValues = ReadonlyMap<string, string>;

/**
 * The same value with every placeholder replaced. Values go into texts and never into structure: what was one element of a list
 * stays one element. Throws for one that has no value.
 */
export function fillIn<T>(
  value: T,
  values: PlaceholderValues,
  encodingOf: (key: string) => Encoding = () => 'as-it-is',
): T {
  const fill = (inner: unknown, encoding: Encoding): unknown => {
    if (typeof inner === 'string') return fillText(inner, values, encoding);
    if (Array.isArray(inner)) return inner.map((element) => fill(element, encoding));
    if (typeof inner === 'object' && inner !== null)
      return Object.fromEntries(
        Object.entries(inner).map(([key, element]) => [key, fill(element, encoding)]),
      );
    return inner;
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fill(value, 'as-it-is') as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, fill(inner, encodingOf(key))]),
  ) as T;
}

function fillText(text: string, values: PlaceholderValues, encoding: Encoding): string {
  return text.replaceAll(placeholder, (_, source: string, name: string) => {
    const found = values.get(`${source}.${name}`);
    if (found === undefined) throw new MissingValueError(`${source}.${name}`);
    return encodings[encoding](found);
  });
}

/** A placeholder stands for nothing: an undo that needs the result of a step which never said one. */
export class MissingValueError extends Error {
  constructor(name: string) {
    super(`there is no value for \${${name}}`);
    this.name = 'MissingValueError';
  }
}
