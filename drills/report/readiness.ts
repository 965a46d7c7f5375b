import type { Report } from './schema.ts';

type Cause = Report['run']['cause'];

/**
 * How much each cause of outages counts: their shares among 46 faults that real plants had in half a year; network and load, which
 * that count does not tell apart, as much as the smallest.
 */
export const causeWeights: Record<Cause, number> = {
  'third-party': 38,
  database: 29,
  release: 18,
  hardware: 15,
  network: 15,
  load: 15,
};

/** How well a plant stands up to one cause. */
export interface CauseReadiness {
  cause: Cause;
  /** Of all causes that the suite rehearses: they sum to 100 but for rounding. */
  weight: number;
  drills: number;
  passed: number;
  /** Mean score of its drills; one that was not held counts 0. */
  score: number;
}

export interface Readiness {
  /** 0 to 100: the scores of the causes by their weights. */
  score: number;
  causes: CauseReadiness[];
}

/** Judges a suite: `planned` are all its drills, `held` those that came to a report. */
export function readinessOf(
  planned: readonly { name: string; cause: Cause }[],
  held: readonly { name: string; report: Pick<Report, 'verdict' | 'score'> }[],
): Readiness {
  const byCause = Map.groupBy(planned, ({ cause }) => cause);
  const total = [...byCause.keys()].reduce((sum, cause) => sum + causeWeights[cause], 0);
  const causes = [...byCause].map(([cause, drills]): CauseReadiness => {
    const reports = drills.map(({ name }) => held.find((run) => run.name === name)?.report);
    return {
      cause,
      weight: tenth((causeWeights[cause] / total) * 100),
      drills: drills.length,
      passed: reports.filter((report) => report?.verdict === 'passed').length,
      score: tenth(mean(reports.map((report) => report?.score ?? 0))),
    };
  });
  const sum = causes.reduce(
    (points, { cause, score }) => points + (causeWeights[cause] / (total || 1)) * score,
    0,
  );
  return { score: Math.min(100, tenth(sum)), causes: causes.toSorted((a, b) => b.weight - a.weight) };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
const tenth = (value: number): number => Math.round(value * 10) / 10;
