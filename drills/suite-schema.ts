import { z } from 'zod';
import { duration } from '../kit/duration.ts';

const entry = z.strictObject({
  drill: z.string(),
  /** The name of this run in the suite; needed where one drill is run twice. */
  as: z.string().optional(),
  runbooks: z.enum(['act', 'hold']).optional(),
  /** Replaces how long every fault of the drill stays. */
  for: duration.optional(),
});

export type SuiteEntry = z.output<typeof entry>;

/** Several drills, one after the other, each from a clean state. */
export const suiteSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  drills: z.array(z.union([z.string().transform((drill): SuiteEntry => ({ drill })), entry])).min(1),
});

export type Suite = z.output<typeof suiteSchema>;
