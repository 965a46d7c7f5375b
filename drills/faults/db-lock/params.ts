import { z } from 'zod';
import { relationName, whereColumns } from '../db/statement.ts';

/** PostgreSQL's table lock modes, weakest first (https://www.postgresql.org/docs/current/explicit-locking.html). */
const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;
export type LockMode = (typeof lockModes)[number];

export const lockParams = z
  .strictObject({
    /** The table, with its schema where that is not the first of the search path: `work_orders`, `public.work_orders`. */
    relation: relationName,
    /** How the whole table is locked; ACCESS EXCLUSIVE when neither this nor `rows` is given. */
    mode: z.enum(lockModes).optional(),
    /** Locks these rows instead, as somebody does who has changed them and not committed. */
    rows: z
      .strictObject({
        /** Columns and their values; every row when left out. */
        where: whereColumns.default({}),
        /** No more rows than this. */
        limit: z.int().min(1).max(10_000).default(100),
      })
      .optional(),
  })
  .refine(({ mode, rows }) => mode === undefined || rows === undefined, {
    message: 'takes either mode (the whole table) or rows, not both',
    path: ['mode'],
  });
export type LockParams = z.output<typeof lockParams>;
