import type { ZodError } from 'zod';

/** Everything that is wrong with an input, on one line, each with its path. */
export function describeProblems(error: ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'top level'}: ${message}`).join('; ');
}
