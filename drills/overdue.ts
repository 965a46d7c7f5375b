import type { PastRun } from './history.ts';

/** A drill that should have been held successfully since. */
export interface Overdue {
  drill: string;
  /** When it last passed; null when it never did. */
  lastPassedAt: string | null;
}

/**
 * Which of these drills have not passed within `everyMs`. A drill that failed has not been rehearsed: it found something. Of runs with
 * another andon.yaml than `configFile` (undefined: whichever) nothing is learnt about this plant.
 */
export function overdueDrills(
  drills: readonly string[],
  past: readonly PastRun[],
  { now, everyMs, configFile }: { now: number; everyMs: number; configFile?: string | undefined },
): Overdue[] {
  return drills.flatMap((drill) => {
    const passed = past.filter(
      (run) =>
        run.drill === drill &&
        run.verdict === 'passed' &&
        (configFile === undefined || run.configFile === configFile),
    );
    const lastPassedAt =
      passed
        .map(({ startedAt }) => startedAt)
        .toSorted()
        .at(-1) ?? null;
    const recent = lastPassedAt !== null && now - Date.parse(lastPassedAt) <= everyMs;
    return recent ? [] : [{ drill, lastPassedAt }];
  });
}
