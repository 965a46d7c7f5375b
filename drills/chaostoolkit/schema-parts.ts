import { z } from 'zod';
import { closest } from '../../kit/spelling.ts';
import { isRecord } from './python-values.ts';

/**
 * An object with these keys. Chaos Toolkit ignores keys that it does not know, and so do we, unless one looks like a slip of a known key:
 * a `tolerence` that is ignored would change what the experiment means. Keys that begin with `x-` are never looked at.
 */
export function fields<S extends z.ZodRawShape>(shape: S) {
  const inner = z.looseObject(shape);
  const known = Object.keys(shape);
  return z.unknown().transform((value, context): z.output<typeof inner> => {
    for (const key of isRecord(value) ? Object.keys(value) : []) {
      const near = known.includes(key) || key.startsWith('x-') ? undefined : closest(key, known);
      if (near !== undefined)
        context.issues.push({
          code: 'custom',
          input: value,
          path: [key],
          message: `unknown key; did you mean "${near}"?`,
        });
    }
    const parsed = inner.safeParse(value);
    if (parsed.success) return parsed.data;
    pushIssues(context.issues, parsed.error, value);
    return z.NEVER;
  });
}

/** A value whose schema depends on what it is, so that its mistakes are told in the words of the right one. */
export const chosen = <T>(choose: (value: unknown) => z.ZodType<T>) =>
  z.unknown().transform((value, context): T => {
    const parsed = choose(value).safeParse(value);
    if (parsed.success) return parsed.data;
    pushIssues(context.issues, parsed.error, value);
    return z.NEVER;
  });

/** A value that is a mistake wherever it stands. */
export const refused = (message: (value: unknown) => string): z.ZodType<never> =>
  z.unknown().transform((value, context) => {
    context.issues.push({ code: 'custom', input: value, message: message(value) });
    return z.NEVER;
  });

/** A text that a function must be able to read; what it throws becomes the mistake. */
export const readable = (read: (text: string) => void) =>
  z.string().check((context) => {
    try {
      read(context.value);
    } catch (error) {
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  });

export const nonEmpty = z.string().min(1, 'must not be empty');

/** A name in a text: it can only be checked when its value is known. */
export const hasNames = (text: string): boolean => /\$\{?[_a-z]/i.test(text);

type Issues = z.core.$RefinementCtx['issues'];

function pushIssues(issues: Issues, error: z.ZodError, input: unknown): void {
  for (const issue of error.issues) {
    // How zod says that a key is missing whose value may be of several kinds.
    const message = /expected nonoptional/.test(issue.message) ? 'is missing' : issue.message;
    issues.push({ ...issue, message, input } as Issues[number]);
  }
}
