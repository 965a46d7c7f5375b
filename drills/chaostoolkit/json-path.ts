import { parseJsonPath } from './json-path-parser.ts';
import { isRecord, pythonEqual } from './python-values.ts';

export type Selector =
  | { kind: 'name'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'slice'; from: number | undefined; to: number | undefined; step: number }
  | { kind: 'wildcard' }
  | { kind: 'filter'; test: Condition };

/** One step of a path; `deep` looks at every depth below as well (`..`). */
export interface Step {
  deep: boolean;
  selectors: Selector[];
}

export type Operand = { path: Step[]; from: 'root' | 'current' } | { literal: unknown };

export type Condition =
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not'; of: Condition }
  | { kind: 'some'; of: Operand }
  | { kind: 'compare'; operator: string; left: Operand; right: Operand };

/**
 * The values that a path finds, in Chaos Toolkit's order. As in jsonpath2, which it uses, a filter tests the value it is written behind
 * and not the members of that: for a list write `$.list[*][?(@.x=1)]`. Throws an Error for a path that is not understood.
 */
export const findByPath = (path: string, document: unknown): unknown[] =>
  walk(parseJsonPath(path), document, document);

function walk([step, ...rest]: readonly Step[], value: unknown, root: unknown): unknown[] {
  if (step === undefined) return [value];
  const here = step.selectors.flatMap((selector) =>
    select(selector, value, root).flatMap((found) => walk(rest, found, root)),
  );
  if (!step.deep) return here;
  return [...here, ...membersOf(value).flatMap((member) => walk([step, ...rest], member, root))];
}

function select(selector: Selector, value: unknown, root: unknown): unknown[] {
  switch (selector.kind) {
    case 'wildcard':
      return membersOf(value);
    case 'name':
      return isRecord(value) && Object.hasOwn(value, selector.name) ? [value[selector.name]] : [];
    case 'index':
      return Array.isArray(value) && selector.index >= -value.length && selector.index < value.length
        ? [value.at(selector.index)]
        : [];
    case 'slice':
      return Array.isArray(value) ? slice(selector, value) : [];
    case 'filter':
      return holds(selector.test, value, root) ? [value] : [];
  }
}

const membersOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];

const slice = (
  { from, to, step }: { from: number | undefined; to: number | undefined; step: number },
  list: readonly unknown[],
): unknown[] => list.slice(from, to).filter((_, index) => index % step === 0);

function holds(test: Condition, value: unknown, root: unknown): boolean {
  switch (test.kind) {
    case 'and':
      return holds(test.left, value, root) && holds(test.right, value, root);
    case 'or':
      return holds(test.left, value, root) || holds(test.right, value, root);
    case 'not':
      return !holds(test.of, value, root);
    case 'some':
      return 'literal' in test.of ? Boolean(test.of.literal) : valuesOf(test.of, value, root).length > 0;
    case 'compare': {
      const right = valuesOf(test.right, value, root);
      return valuesOf(test.left, value, root).some((a) => right.some((b) => compare(test.operator, a, b)));
    }
  }
}

function valuesOf(operand: Operand, value: unknown, root: unknown): unknown[] {
  if ('literal' in operand) return [operand.literal];
  return walk(operand.path, operand.from === 'root' ? root : value, root);
}

function compare(operator: string, left: unknown, right: unknown): boolean {
  if (operator === '=' || operator === '==') return pythonEqual(left, right);
  if (operator === '!=') return !pythonEqual(left, right);
  // Only numbers have an order here; true and false count as 1 and 0.
  if (!isOrdered(left) || !isOrdered(right)) return false;
  const difference = Number(left) - Number(right);
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  return operator === '>' ? difference > 0 : difference >= 0;
}

const isOrdered = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
