import { z } from 'zod';
import { comparison } from '../../kit/comparison.ts';
import { duration } from '../../kit/duration.ts';
import { haltLimits } from '../releases/what-to-halt.ts';
import { readingStatement } from '../sql/statement.ts';

const text = z.string().min(1);

/** The ways to ask, of which a condition uses exactly one. */
export const questions = ['promql', 'sql', 'no_rows', 'http', 'release'] as const;

const asked = {
  name: text,
  /** A number from Prometheus, of each series that it answers with; no sample is no answer. */
  promql: text.optional(),
  /** The first value of the first row of a read-only query. */
  sql: readingStatement.optional(),
  /** A read-only query: true once it returns no rows. */
  no_rows: readingStatement.optional(),
  /** The status of a GET: a URL, or a path of a `mes` or `http` target. */
  http: text.optional(),
  /** True where the router has a version that `release.halt` would take away. */
  release: z.strictObject(haltLimits).optional(),
  /** The limit on the number: needed with all but `no_rows` and `release`. */
  expect: comparison.optional(),
  /** Who is asked by all but `promql`; the target of the runbook when left out. */
  target: text.optional(),
};

/** Something that is true or not at the moment when it is asked. */
export const question = z.strictObject(asked).superRefine(asksOneThing);

/** Something that must be true, and until when: what a runbook verifies, and what a step waits for. */
export const condition = z
  .strictObject({ ...asked, within: duration.prefault('10s') })
  .superRefine(asksOneThing);

export type Question = z.output<typeof question>;
export type Condition = z.output<typeof condition>;

const truths = { no_rows: 'once there are no rows', release: 'where there is such a version' };

function asksOneThing(written: Question, context: z.RefinementCtx): void {
  const [first, ...more] = questions.filter((key) => written[key] !== undefined);
  if (first === undefined || more.length > 0) {
    context.addIssue({ code: 'custom', message: `needs exactly one of ${questions.join(', ')}` });
    return;
  }
  const isTruth = first === 'no_rows' || first === 'release';
  if (isTruth && written.expect !== undefined) {
    const message = `goes without "expect": it is true ${truths[first]}`;
    context.addIssue({ code: 'custom', path: ['expect'], message });
  }
  if (!isTruth && written.expect === undefined)
    context.addIssue({ code: 'custom', message: 'needs "expect", as in expect: ">= 0.99"' });
}
