import { z } from 'zod';
import { comparison } from '../../kit/comparison.ts';
import { duration } from '../../kit/duration.ts';
import { readingStatement } from '../sql/statement.ts';

const text = z.string().min(1);

/** The ways to ask, of which a condition uses exactly one. */
export const questions = ['promql', 'sql', 'no_rows', 'http'] as const;

/** Something that must be true, and until when: what a runbook verifies, and what a step waits for. */
export const condition = z
  .strictObject({
    name: text,
    /** A number from Prometheus, of each series that it answers with; no sample is no answer. */
    promql: text.optional(),
    /** The first value of the first row of a read-only query. */
    sql: readingStatement.optional(),
    /** A read-only query: true once it returns no rows. */
    no_rows: readingStatement.optional(),
    /** The status of a GET: a URL, or a path of a `mes` or `http` target. */
    http: text.optional(),
    /** The limit on the number: needed with all but `no_rows`. */
    expect: comparison.optional(),
    /** Who is asked by `sql`, `no_rows` and `http`; the target of the runbook when left out. */
    target: text.optional(),
    within: duration.prefault('10s'),
  })
  .superRefine((written, context) => {
    const asked = questions.filter((key) => written[key] !== undefined);
    if (asked.length !== 1)
      context.addIssue({ code: 'custom', message: `needs exactly one of ${questions.join(', ')}` });
    if (asked.length === 1 && (asked[0] === 'no_rows') === (written.expect !== undefined))
      context.addIssue({
        code: 'custom',
        path: asked[0] === 'no_rows' ? ['expect'] : [],
        message:
          asked[0] === 'no_rows'
            ? 'goes without "expect": it is true once there are no rows'
            : `needs "expect", as in expect: ">= 0.99"`,
      });
  });

export type Condition = z.output<typeof condition>;
