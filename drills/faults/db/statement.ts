import pg from 'pg';
import { z } from 'zod';
import type { DrillEngine } from './drill-session.ts';

/** A table, with its schema where that is not the first of the search path: `work_orders`, `public.work_orders`. */
export const relationName = z.string().regex(/^[^.]+(\.[^.]+)?$/, 'must be TABLE or SCHEMA.TABLE');

/** Columns and the values they must have, all of them: `{ state: running, line: L1 }`. null means "has no value". */
export const whereColumns = z.record(
  z.string().min(1),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);
export type Where = z.output<typeof whereColumns>;

/** One statement as it grows. Names are quoted and values are parameters: nothing of a drill file becomes SQL. */
export class Statement {
  readonly values: unknown[] = [];
  readonly #kind: DrillEngine['kind'];

  constructor(kind: DrillEngine['kind']) {
    this.#kind = kind;
  }

  /** A table, with its schema or without. */
  table(relation: string): string {
    return relation
      .split('.')
      .map((part) => this.column(part))
      .join('.');
  }

  column(name: string): string {
    if (this.#kind === 'postgres') return pg.escapeIdentifier(name);
    this.values.push(name);
    return '??';
  }

  value(value: unknown): string {
    this.values.push(value);
    return this.#kind === 'postgres' ? `$${this.values.length}` : '?';
  }

  /** `TRUE AND "state" = $1 AND "unit" IS NULL`. */
  where(where: Where): string {
    const conditions = Object.entries(where).map(([name, value]) => {
      const column = this.column(name);
      return value === null ? `${column} IS NULL` : `${column} = ${this.value(value)}`;
    });
    return ['TRUE', ...conditions].join(' AND ');
  }
}

/** `state = "running" and line = "L1"`, for the sentences of a plan. */
export const whereInWords = (where: Where): string =>
  Object.entries(where)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(' and ');
