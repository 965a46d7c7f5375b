/** A blocks production: act now. B limits a function: act today. C advises. */
export const alertTiers = ['A', 'B', 'C'] as const;
export type AlertTier = (typeof alertTiers)[number];

/** The label `severity`, which tools outside this project know. */
export const severityOf: Readonly<Record<AlertTier, 'critical' | 'warning' | 'info'>> = {
  A: 'critical',
  B: 'warning',
  C: 'info',
};
