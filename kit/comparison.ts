import { z } from 'zod';

/** A limit on a number, as it is written in a drill: `>= 0.99`. */
export interface Comparison {
  text: string;
  /** Whether smaller values are the bad ones. */
  lowIsBad: boolean;
  holds(value: number): boolean;
}

const operators: Record<string, { holds: (value: number, limit: number) => boolean; lowIsBad: boolean }> = {
  '>=': { holds: (value, limit) => value >= limit, lowIsBad: true },
  '>': { holds: (value, limit) => value > limit, lowIsBad: true },
  '<=': { holds: (value, limit) => value <= limit, lowIsBad: false },
  '<': { holds: (value, limit) => value < limit, lowIsBad: false },
  '==': { holds: (value, limit) => value === limit, lowIsBad: true },
  '!=': { holds: (value, limit) => value !== limit, lowIsBad: false },
};

export function parseComparison(text: string): Comparison | undefined {
  const match = /^(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)$/.exec(text.trim());
  const operator = operators[match?.[1] ?? ''];
  if (!operator) return undefined;
  const limit = Number(match?.[2]);
  return { text, lowIsBad: operator.lowIsBad, holds: (value) => operator.holds(value, limit) };
}

/** A comparison in a file. It stays text there and in journals; `comparisonOf` reads it again. */
export const comparison = z.string().refine((text) => parseComparison(text) !== undefined, {
  message: 'is no comparison; write an operator and a number, as in ">= 0.99"',
});

/** Reads a comparison that the schema has already accepted. */
export function comparisonOf(text: string): Comparison {
  const parsed = parseComparison(text);
  if (!parsed) throw new TypeError(`"${text}" is no comparison`);
  return parsed;
}
