import { metrics } from '../exporters/catalogue.ts';
import type { PrometheusApi } from './prometheus-api.ts';
import type { Report } from './report/schema.ts';

const stepSeconds = 5;

/** What every report plots, from Prometheus: the same figures as on the dashboards. */
const plotted: readonly { name: string; unit: string; promql: string }[] = [
  { name: 'operations succeed', unit: 'ratio', promql: 'mes:operation_success:ratio_rate30s' },
  { name: 'operations', unit: 'per second', promql: 'mes:operations:rate30s' },
  { name: 'sessions blocked by a lock', unit: 'sessions', promql: `sum(${metrics.dbBlockedSessions.name})` },
  { name: 'oldest lock wait', unit: 'seconds', promql: `max(${metrics.dbOldestLockWait.name})` },
  { name: 'messages ready', unit: 'messages', promql: `sum(${metrics.queueReady.name})` },
];

/** The series of a run. A series without points is left out. */
export async function readSeries(
  prometheus: PrometheusApi,
  fromMs: number,
  toMs: number,
): Promise<Report['series']> {
  const series = await Promise.all(
    plotted.map(async ({ name, unit, promql }) => ({
      name,
      unit,
      points: await prometheus.range(promql, fromMs, toMs, stepSeconds),
    })),
  );
  return series.filter(({ points }) => points.length > 0);
}
