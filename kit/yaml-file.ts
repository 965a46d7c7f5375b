import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { messageOf, UsageError } from './errors.ts';
import { closest } from './spelling.ts';

/** One mistake in a file, where a person can find it. Lines and columns count from 1. */
export interface FileProblem {
  line: number;
  column: number;
  message: string;
}

/** A file with mistakes: all of them, in the order of the file. */
export class InvalidFileError extends UsageError {
  readonly file: string;
  readonly problems: readonly FileProblem[];

  constructor(file: string, problems: FileProblem[]) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const count = sorted.length === 1 ? '1 mistake' : `${sorted.length} mistakes`;
    const lines = sorted.map((problem) => `  ${file}:${problem.line}:${problem.column}  ${problem.message}`);
    super('yaml.invalid', [`${file} has ${count}:`, ...lines].join('\n'), {
      mend: 'Mend each line named above, then run the same command again. Nothing was touched.',
    });
    this.file = file;
    this.problems = sorted;
  }
}

type Path = readonly PropertyKey[];
/** A further check on the parsed value: what is wrong, and at which path. */
export interface ExtraProblem {
  path: Path;
  message: string;
}

export interface ParseOptions<T> {
  /** Checks between fields, run once the schema is content. */
  extra?: (value: T) => ExtraProblem[];
  /** Rewrites every text of the file before the schema sees it; what it throws becomes a problem of that line. */
  expand?: (text: string) => string;
}

/** Parses YAML with a strict schema; throws one InvalidFileError that names every mistake with line and column. */
export function parseYaml<S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  { extra = () => [], expand = (value) => value }: ParseOptions<z.output<S>> = {},
): z.output<S> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const locate: Locate = (path, key) => position(document, counter, path, key);
  const refuse = (problems: FileProblem[]) => {
    if (problems.length > 0) throw new InvalidFileError(file, problems);
  };
  refuse(document.errors.map((error) => ({ ...at(counter, error.pos[0]), message: error.message })));
  refuse(expandTexts(document, counter, expand));
  refuse(unresolvedAliases(document, counter));
  const result = schema.safeParse(wholeValue(document, file));
  if (!result.success) {
    throw new InvalidFileError(
      file,
      result.error.issues.flatMap((issue) => describe(issue, schema, locate)),
    );
  }
  refuse(
    extra(result.data).map(({ path, message }) => ({ ...locate(path), message: `${label(path)}${message}` })),
  );
  return result.data;
}

/** `*name` without an `&name` before it: the parser takes it, and only the value cannot be had. */
function unresolvedAliases(document: Document, counter: LineCounter): FileProblem[] {
  const problems: FileProblem[] = [];
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined)
        problems.push({
          ...at(counter, node.range?.[0] ?? 0),
          message: `nothing is called &${node.source} before this`,
        });
    },
  });
  return problems;
}

/** The value of a file; one whose aliases grow without end has none. */
function wholeValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new InvalidFileError(file, [{ line: 1, column: 1, message: messageOf(error) }]);
  }
}

function expandTexts(
  document: Document,
  counter: LineCounter,
  expand: (text: string) => string,
): FileProblem[] {
  const problems: FileProblem[] = [];
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'string') return;
      try {
        node.value = expand(node.value);
      } catch (error) {
        problems.push({ ...at(counter, node.range?.[0] ?? 0), message: messageOf(error) });
      }
    },
  });
  return problems;
}

type Locate = (path: Path, key?: string) => { line: number; column: number };

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, locate: Locate): FileProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const near = closest(key, known);
      const hint = near
        ? `; did you mean "${near}"?`
        : known.length > 0
          ? `; known are ${known.join(', ')}`
          : '';
      return { ...locate(issue.path, key), message: `${label(issue.path)}unknown key "${key}"${hint}` };
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const shortest = issue.errors.toSorted((a, b) => a.length - b.length)[0] ?? [];
    return shortest.flatMap((inner) =>
      describe({ ...inner, path: [...issue.path, ...inner.path] }, schema, locate),
    );
  }
  return [{ ...locate(issue.path), message: `${label(issue.path)}${inWords(issue.message)}` }];
}

/** What zod says of a key that is not there, as a person would say it. */
const inWords = (message: string): string =>
  message.replace(/^Invalid input: expected (.*), received undefined$/, 'is missing; it must be: $1');

const label = (path: Path): string => (path.length === 0 ? '' : `${path.map(String).join('.')}: `);

/** The keys a strict object of the schema knows at a path, for "did you mean". */
function knownKeys(schema: z.ZodType, path: Path): string[] {
  let current: unknown = schema;
  for (const step of path) current = childSchema(unwrap(current), step);
  const found = unwrap(current) as { shape?: object } | undefined;
  return Object.keys(found?.shape ?? {});
}

interface SchemaDef {
  type?: string;
  innerType?: unknown;
  in?: unknown;
  shape?: Record<string, unknown>;
  element?: unknown;
  valueType?: unknown;
}

const defOf = (schema: unknown): SchemaDef | undefined => (schema as { def?: SchemaDef } | undefined)?.def;

function unwrap(schema: unknown): unknown {
  const def = defOf(schema);
  if (def?.innerType) return unwrap(def.innerType);
  if (def?.type === 'pipe') return unwrap(def.in);
  return schema;
}

function childSchema(schema: unknown, step: PropertyKey): unknown {
  const def = defOf(schema);
  return def?.shape?.[String(step)] ?? def?.element ?? def?.valueType;
}

function at(counter: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** Where a path stands in the file: the key itself if `key` is given, else the nearest value that exists. */
function position(document: Document, counter: LineCounter, path: Path, key?: string) {
  if (key !== undefined) {
    const map = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = (
      map as { items?: { key?: { value?: unknown; range?: [number, number, number] } }[] } | null
    )?.items?.find((item) => item.key?.value === key);
    if (pair?.key?.range) return at(counter, pair.key.range[0]);
  }
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return at(counter, node.range[0]);
  }
  return { line: 1, column: 1 };
}
