import { type AlertTier, alertTiers } from '../tiers.ts';

/** What other people's rules put into `severity`. */
const tierOfSeverity = new Map<string | undefined, AlertTier>([
  ['critical', 'A'],
  ['page', 'A'],
  ['error', 'B'],
  ['warning', 'B'],
  ['info', 'C'],
  ['none', 'C'],
]);

/** The label `tier`; else by `severity`; else B, because an alert that nobody has rated must not be overlooked. */
export function tierOf(labels: Readonly<Record<string, string>>): AlertTier {
  const own = alertTiers.find((tier) => Object.hasOwn(labels, 'tier') && labels.tier === tier);
  if (own !== undefined) return own;
  const severity = Object.hasOwn(labels, 'severity') ? labels.severity?.toLowerCase() : undefined;
  return tierOfSeverity.get(severity) ?? 'B';
}
