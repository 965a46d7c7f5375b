import { z } from 'zod';

/**
 * `auto` acts at once, as long as the runbook is proven by a drill; `approve` acts when a person of the right role has agreed to the
 * very plan; `suggest` hands the plan to a person and does nothing.
 */
export const modeName = z.enum(['auto', 'approve', 'suggest']);
export type Mode = z.output<typeof modeName>;

/** The mode by the tier of the alert; what is not written is `default`. */
const modeByTier = z.strictObject({
  A: modeName.optional(),
  B: modeName.optional(),
  C: modeName.optional(),
  /** Instead of the tier's while no shift of `alerts.shifts` works. */
  off_shift: modeName.optional(),
  default: modeName.default('suggest'),
});

export type ModeRule = z.output<typeof modeByTier>;

/** One mode for all, or one for each tier. */
export const mode = z
  .union([modeName.transform((name): ModeRule => ({ default: name })), modeByTier])
  .default({ default: 'suggest' });

/** The mode for one alert: the tier's, or off shift the one for that. */
export function modeFor(rule: ModeRule, tier: string | undefined, inShift: boolean): Mode {
  if (!inShift && rule.off_shift !== undefined) return rule.off_shift;
  const byTier = tier === 'A' || tier === 'B' || tier === 'C' ? rule[tier] : undefined;
  return byTier ?? rule.default;
}

/** Whether it ever acts by itself. */
export const actsByItself = (rule: ModeRule): boolean => Object.values(rule).includes('auto');
