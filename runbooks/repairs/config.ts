import { z } from 'zod';

/** What marks a record that was put in afterwards: "data recovered after a fault". */
export const recoveredMark = '异常恢复数据';

const name = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in stock-moves');

const column = z.string().min(1);

/** One statement: what comes after a semicolon would be another one. */
const statement = z
  .string()
  .min(1)
  .refine((text) => !/;\s*$/.test(text), 'is one statement, without a semicolon at its end');

/** How what one comparison finds is repaired in one of its systems. */
const repair = z.strictObject({
  /** A comparison of `exporter.consistency`. */
  comparison: z.string(),
  /** The system that is right; the source of the comparison when left out. */
  from: z.string().min(1).optional(),
  /** The system that is written. */
  into: z.string().min(1),
  /** Reads one record from the system that is right: `$1`, `$2`, … are the keys, its columns those of `table`. */
  record: statement,
  /** The table of `into` that is written, with its schema where that is needed. */
  table: z.string().regex(/^[^.]+(\.[^.]+)?$/, 'must be TABLE or SCHEMA.TABLE'),
  /** Columns of `record` that name its row in `table`. */
  match: z.array(column).min(1),
  /** A column of `table` that says that the row was repaired. */
  mark: z.strictObject({ column, value: z.string().min(1).default(recoveredMark) }).optional(),
  /**
   * What is derived from `table`, made anew after the rows and in the same transaction: `$1` is a JSON list of the rows, as they were
   * and as they are.
   */
  recompute: z.array(statement).default([]),
  /** A record that only `into` holds: nothing at all is repaired until a person has looked, or it is left as it is. */
  extra: z.enum(['refuse', 'leave']).default('refuse'),
});

/** `runbooks.repairs:` in andon.yaml. */
export const repairsSection = z.record(name, repair).default({});
export type RepairConfig = z.output<typeof repair>;
