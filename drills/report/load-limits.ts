import type { Report } from './schema.ts';

type Load = NonNullable<Report['load']>;
export type LoadStage = Load['byStage'][number];

/** The part of the load that worked while a fault was in. */
export function faultStageOf(
  load: Load,
  stages: Report['stages'],
  faults: Report['faults'],
): LoadStage | undefined {
  const injectedAt = faults.find((fault) => fault.injectedAt !== null)?.injectedAt;
  const name = injectedAt && stages.findLast(({ startedAt }) => startedAt <= injectedAt)?.name;
  return (
    load.byStage.find(({ stage }) => stage === name) ?? load.byStage.find(({ stage }) => stage === 'fault')
  );
}

/** Whether users were served as the drill asks. Nobody served is not served well. */
export function withinLoadLimits(
  figures: Pick<LoadStage, 'errorRate' | 'p95Ms'>,
  limits: { error_rate: number; p95: number },
): { errorsOk: boolean; p95Ok: boolean } {
  return {
    errorsOk: figures.errorRate <= limits.error_rate,
    p95Ok: figures.p95Ms !== null && figures.p95Ms <= limits.p95,
  };
}
