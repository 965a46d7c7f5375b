import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

/** A share between 0 and 1. */
export const share = z.number().min(0).max(1);

/** The same threshold in the three tiers, where more is worse: an A lies at or above its B, a B at or above its C. */
const tiered = (value: z.ZodType<number, unknown>, defaults: { a: unknown; b: unknown; c: unknown }) =>
  z
    .strictObject({
      a: value.prefault(defaults.a),
      b: value.prefault(defaults.b),
      c: value.prefault(defaults.c),
    })
    .superRefine(({ a, b, c }, context) => {
      if (a < b) context.addIssue({ code: 'custom', path: ['a'], message: 'must not be less than b' });
      if (b < c) context.addIssue({ code: 'custom', path: ['b'], message: 'must not be less than c' });
    })
    .prefault({});

/** Shares per tier, as in `{c: 0.7, b: 0.85, a: 0.95}`. */
export const tieredShares = (c: number, b: number, a: number) => tiered(share, { a, b, c });
/** Durations per tier, as in `{c: 3s, b: 10s, a: 30s}`; milliseconds once parsed. */
export const tieredDurations = (c: string, b: string, a: string) => tiered(duration, { a, b, c });
/** Plain numbers per tier. */
export const tieredNumbers = (c: number, b: number, a: number) => tiered(z.number().min(0), { a, b, c });
