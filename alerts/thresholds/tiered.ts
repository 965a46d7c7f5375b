import { z } from 'zod';
import { duration } from '../../kit/duration.ts';

/** A share between 0 and 1. */
export const share = z.number().min(0).max(1);
/** A plain number, not below zero. */
const amount = z.number().min(0);
/** A time that Prometheus takes as a window: never empty. */
export const window = duration.refine((ms) => ms > 0, 'must be longer than 0s');

type Value = z.ZodType<number, unknown>;

/** More is worse: an A lies at or above its B, a B at or above its C. */
function refuseDisorder({ a, b, c }: { a?: number; b: number; c?: number }, context: z.RefinementCtx): void {
  if (a !== undefined && a < b)
    context.addIssue({ code: 'custom', path: ['a'], message: 'must not be less than b' });
  if (c !== undefined && b < c)
    context.addIssue({ code: 'custom', path: ['b'], message: 'must not be less than c' });
}

/** The same threshold in the three tiers. */
const tiered = (value: Value, { a, b, c }: { a: unknown; b: unknown; c: unknown }) =>
  z
    .strictObject({ a: value.prefault(a), b: value.prefault(b), c: value.prefault(c) })
    .superRefine(refuseDisorder)
    .prefault({});

/** The same for what exists in the tiers A and B only. */
const upper = (value: Value, { a, b }: { a: unknown; b: unknown }) =>
  z
    .strictObject({ a: value.prefault(a), b: value.prefault(b) })
    .superRefine(refuseDisorder)
    .prefault({});

/** The same for what exists in the tiers B and C only. */
const lower = (value: Value, { b, c }: { b: unknown; c: unknown }) =>
  z
    .strictObject({ b: value.prefault(b), c: value.prefault(c) })
    .superRefine(refuseDisorder)
    .prefault({});

/** Shares per tier, as in `{c: 0.7, b: 0.85, a: 0.95}`. */
export const tieredShares = (c: number, b: number, a: number) => tiered(share, { a, b, c });
/** Durations per tier, as in `{c: 3s, b: 10s, a: 30s}`; milliseconds once parsed. */
export const tieredDurations = (c: string, b: string, a: string) => tiered(duration, { a, b, c });
/** Plain numbers per tier. */
export const tieredNumbers = (c: number, b: number, a: number) => tiered(amount, { a, b, c });

/** Durations of the tiers B and A. */
export const upperDurations = (b: string, a: string) => upper(duration, { a, b });
/** Plain numbers of the tiers B and A. */
export const upperNumbers = (b: number, a: number) => upper(amount, { a, b });
/** Durations of the tiers C and B. */
export const lowerDurations = (c: string, b: string) => lower(duration, { b, c });
/** Plain numbers of the tiers C and B. */
export const lowerNumbers = (c: number, b: number) => lower(amount, { b, c });
