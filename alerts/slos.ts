import { z } from 'zod';
import { duration } from '../kit/duration.ts';

/** How many times faster than allowed the budget of an SLO may be spent, over a long window and a short one that ends with it. */
export interface BurnWindows {
  readonly factor: number;
  readonly long: string;
  readonly short: string;
}

/** The usual pairs of a 30-day SLO (The Site Reliability Workbook, chapter 5), by tier. */
export const burnWindows = {
  A: [
    { factor: 14.4, long: '1h', short: '5m' },
    { factor: 6, long: '6h', short: '30m' },
  ],
  B: [{ factor: 3, long: '1d', short: '2h' }],
  C: [{ factor: 1, long: '3d', short: '6h' }],
} as const satisfies Record<string, readonly BurnWindows[]>;

/** With a lower objective even an outage of everything would not burn fast enough for the first pair. */
const leastObjective = 1 - 1 / burnWindows.A[0].factor;

const slo = z.strictObject({
  /** The label `slo` of its alerts. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and -'),
  /** The share of the operations that must be good. */
  objective: z
    .number()
    .gt(
      leastObjective,
      `must be above ${leastObjective.toFixed(3)}: below it an outage would not count as fast`,
    )
    .lt(1, 'must be below 1: without a budget every failure would be an alert'),
  /** With this an operation is good that waits no longer, else one that succeeds. Must be a bucket's bound of the MES. */
  within: duration.refine((ms) => ms > 0, 'must be longer than 0s').optional(),
  /** The operations it is about; all when left out. */
  operations: z.array(z.string().min(1)).min(1).optional(),
});

/** What share of the operations must succeed, or be quick. */
export type Slo = z.output<typeof slo>;

/** `alerts.slos:` in andon.yaml. An empty list turns the burn-rate alerts off. */
export const slosSection = z
  .array(slo)
  .prefault([
    { name: 'operations-succeed', objective: 0.995 },
    { name: 'operations-are-quick', objective: 0.99, within: '1s' },
  ])
  .superRefine((slos, context) => {
    for (const [index, { name }] of slos.entries())
      if (slos.findIndex((other) => other.name === name) < index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `there are two called "${name}"`,
        });
  });
