import { z } from 'zod';

/** What a statement may begin with, by what it may do. Everything else (DDL, CALL, DO, COPY, SET, KILL …) is for a person. */
const firstWords = {
  read: ['SELECT', 'WITH', 'TABLE', 'VALUES', 'SHOW', 'EXPLAIN', 'DESCRIBE'],
  // No WITH: what a DELETE inside of it takes away is in no count of rows, so no guard would see it.
  write: ['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE'],
} as const;

export type Access = keyof typeof firstWords;

/** Blanks, opening brackets and comments. Not `/*!…`: MySQL carries those out. */
const leading = /^(?:[\s(]+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!!|M!)[\s\S]*?\*\/)*/;

/** Writes a file on MySQL's server, also in a transaction that only reads. */
const intoFile = /\binto\b[\s\S]*\b(?:outfile|dumpfile)\b/i;

/** Why a statement may not be carried out that way; undefined when it may. */
export function statementProblem(text: string, access: Access): string | undefined {
  const first = /^\w+/.exec(text.replace(leading, ''))?.[0].toUpperCase();
  const allowed: readonly string[] = firstWords[access];
  if (first === undefined || !allowed.includes(first))
    return `must begin with ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`;
  if (access === 'read' && intoFile.test(text)) return 'must not write a file';
  return undefined;
}

/** A query in a file that may only read. */
export const readingStatement = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const message = statementProblem(text, 'read');
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
