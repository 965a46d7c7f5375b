/**
 * True while all readings of the last 5 min are above all of the 5 min that began 15 min ago: it rises, and not just up and down.
 * A young series has no such past, and says nothing.
 */
export const rising = (metric: string, least: number): string =>
  `min_over_time(${metric}[5m]) >= ${least} and min_over_time(${metric}[5m]) > max_over_time(${metric}[5m] offset 10m)`;
