import type { AlertTier } from '../alerts/tiers.ts';

/** The colours of the light: the same on every panel of every dashboard. */
export const tierColor: Readonly<Record<AlertTier, string>> = { A: 'red', B: 'orange', C: 'blue' };
export const good = 'green';
export const bad = 'red';

/** What a tier asks of people, for legends. */
export const tierMeaning: Readonly<Record<AlertTier, string>> = {
  A: 'A act now',
  B: 'B act today',
  C: 'C good to know',
};
