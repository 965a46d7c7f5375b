import { z } from 'zod';
import type { Report } from './schema.ts';

/** What a report says before it is judged. */
export type Facts = Omit<Report, 'score' | 'weights' | 'points' | 'findings'>;

/** What a drill's `expect:` asks for, as far as the report's figures do not carry it themselves. Times in milliseconds. */
export interface Expectations {
  runbook?: { name: string; within: number } | undefined;
  production?: { lost: number; duplicated: number } | undefined;
  /** The hypothesis must hold while the fault is in, too. */
  holds_during?: boolean | undefined;
  load?: { error_rate: number; p95: number } | undefined;
}

const drillSchema = z.object({
  runbooks: z.enum(['act', 'hold']).optional(),
  expect: z.object({
    runbook: z.object({ name: z.string(), within: z.number() }).optional(),
    production: z.object({ lost: z.number(), duplicated: z.number() }).optional(),
    holds_during: z.boolean().optional(),
    load: z.object({ error_rate: z.number(), p95: z.number() }).optional(),
  }),
});

/** The expectations of a drill as a journal keeps it; undefined when it keeps none. */
export function expectationsOf(drill: unknown): Expectations | undefined {
  const parsed = drillSchema.safeParse(drill);
  if (!parsed.success) return undefined;
  const { expect, runbooks } = parsed.data;
  return runbooks === 'hold' ? { ...expect, runbook: undefined } : expect;
}

/** What was expected, read from the figures alone: for a journal that does not say. */
export function expectationsFrom(facts: Facts): Expectations {
  const ran = facts.runbooks.find(({ outcome }) => outcome !== 'held' && outcome !== 'not-needed');
  const counted = facts.production.acknowledged > 0 || !facts.production.ok;
  return {
    runbook: ran && { name: ran.name, within: Number.POSITIVE_INFINITY },
    production: counted ? { lost: 0, duplicated: 0 } : undefined,
  };
}
