import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../../kit/errors.ts';
import type { ScrapeRun } from '../collector.ts';
import type { Row } from '../databases/session.ts';
import { shown } from './cells.ts';

/** JSONata calls this before each step of an expression, and waits for it. */
const beforeEachStep: unknown = Symbol.for('jsonata.__evaluate_entry');
const turnMs = 5;
/** Deeper than an honest expression, and less than what would fill the memory. */
const deepest = 1000;

/** What is wrong with a JSONata expression as such; undefined when nothing is. */
export function expressionProblem(text: string): string | undefined {
  try {
    loadJsonata()(text);
    return undefined;
  } catch (error) {
    return `not JSONata: ${reasonOf(error)}`;
  }
}

/** The rows that an expression makes of an answer. Others get their turn meanwhile, and it ends with the run. */
export async function rowsOf(expression: string, answer: unknown, run: ScrapeRun): Promise<Row[]> {
  const compiled = loadJsonata()(expression, { stack: deepest });
  let turn = performance.now();
  // The declared types know only names, and the environment takes symbols as well.
  compiled.assign(beforeEachStep as string, async () => {
    if (performance.now() - turn < turnMs) return;
    await setImmediate();
    run.signal.throwIfAborted();
    turn = performance.now();
  });
  const found: unknown = await compiled.evaluate(answer).catch((error: unknown) => {
    throw new Error(`rows: ${reasonOf(error)}`);
  });
  // JSONata makes of a list with one entry that entry, and of an empty one nothing.
  const rows = found === undefined ? [] : Array.isArray(found) ? found : [found];
  const stranger = rows.find((row) => typeof row !== 'object' || row === null || Array.isArray(row));
  if (stranger !== undefined) throw new Error(`rows: gave ${shown(stranger)} where an object is meant`);
  return rows as Row[];
}

/** JSONata throws objects that are no Error. */
function reasonOf(error: unknown): string {
  const { message, position } = error as { message?: string; position?: number };
  return `${message ?? messageOf(error)}${position === undefined ? '' : ` (at ${position})`}`;
}

/** Loaded when it is needed: every command reads the configuration, and few meet an expression. */
const loadJsonata = (): typeof import('jsonata') =>
  createRequire(import.meta.url)('jsonata') as typeof import('jsonata');
