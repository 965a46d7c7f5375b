import { parseDocument } from 'yaml';
import { messageOf, UsageError } from '../../kit/errors.ts';
import { glance } from '../../kit/yaml-file.ts';
import type { ValueType } from './experiment.ts';
import { isRecord } from './python-values.ts';

/** What the command line puts in place of what the experiment says, and into the environment. */
export interface GivenVariables {
  configuration: Record<string, unknown>;
  /** The names that --var gave: these must exist in the experiment. */
  named: string[];
  secrets: Record<string, unknown>;
  environment: Record<string, string>;
}

const mend =
  'Write it as NAME=VALUE or NAME:TYPE=VALUE; the types are str, int, float, bool, json and bytes.';

/** Reads `--var k[:type]=v` and `--var-file`; later files replace earlier ones, and --var replaces them all. */
export function givenVariables(
  vars: readonly string[],
  files: readonly { name: string; text: string }[],
): GivenVariables {
  const given: GivenVariables = { configuration: {}, named: [], secrets: {}, environment: {} };
  for (const file of files) readVarFile(file, given);
  for (const written of vars) {
    const [, name, type, value] = /^([^=:]+)(?::([^=]*))?=(.*)$/s.exec(written) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError('experiment.var', `--var ${written} is not understood`, { mend });
    given.configuration[name] = converted(type, value, `--var ${name}`);
    given.named.push(name);
  }
  return given;
}

function readVarFile({ name, text }: { name: string; text: string }, given: GivenVariables): void {
  if (!/\.(json|ya?ml)$/.test(name)) {
    for (const line of text.split('\n')) readEnvLine(name, line.trim(), given.environment);
    return;
  }
  const parsed = parseDocument(text, { logLevel: 'silent' });
  const document = glance(text);
  if (parsed.errors.length > 0 || !isRecord(document))
    throw new UsageError(
      'experiment.var-file',
      `${name} is not understood: ${parsed.errors[0]?.message ?? 'it is no object'}`,
      {
        mend: 'Write an object with the keys configuration and secrets, or a .env file.',
      },
    );
  if (isRecord(document.configuration)) Object.assign(given.configuration, document.configuration);
  if (isRecord(document.secrets)) Object.assign(given.secrets, document.secrets);
}

function readEnvLine(file: string, line: string, environment: Record<string, string>): void {
  if (line === '' || line.startsWith('#')) return;
  const equals = line.indexOf('=');
  // The line itself is not shown: it may hold a secret.
  if (equals < 1)
    throw new UsageError('experiment.var-file', `${file} has a line that is not NAME=VALUE`, {
      mend: 'Write one NAME=VALUE a line; lines that begin with # are comments.',
    });
  environment[line.slice(0, equals)] = line.slice(equals + 1);
}

/** A text as the value of a type; `what` names it in the error. */
export function converted(type: string | undefined, text: unknown, what: string): unknown {
  if (typeof text !== 'string') return text;
  try {
    return convert((type ?? 'str') as ValueType, text);
  } catch (error) {
    throw new UsageError('experiment.type', `${what}: ${messageOf(error)}`, { mend });
  }
}

function convert(type: ValueType, text: string): unknown {
  switch (type) {
    case 'str':
    case 'string':
    case 'bytes':
      return text;
    case 'int':
    case 'integer':
      return matching(/^\s*[+-]?\d+\s*$/, text, 'a whole number');
    case 'float':
    case 'number':
      return matching(/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/, text, 'a number');
    case 'bool':
      return !['false', '0', 'no'].includes(text.toLowerCase());
    case 'json':
      return text === '' ? text : parseJson(text);
    default:
      throw new Error(`there is no type "${type}"`);
  }
}

function matching(form: RegExp, text: string, what: string): number {
  if (!form.test(text)) throw new Error(`the value is not ${what}`);
  return Number(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The text is not shown: it may hold a secret.
    throw new Error('the value is not JSON');
  }
}
