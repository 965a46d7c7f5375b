import { exporterMetrics } from '../catalogue/exporter.ts';
import { metrics } from '../catalogue.ts';
import type { Metric } from '../metric.ts';

/** The metrics of the catalogue by name. */
export const metricsByName: ReadonlyMap<string, Metric> = new Map(
  Object.values(metrics).map((metric): [string, Metric] => [metric.name, metric]),
);

/** A metric of work orders: which labels take an ISA-95 state, and what becomes of several plant states that are one there. */
export interface StateMetric {
  readonly labels: readonly string[];
  merge(one: number, other: number): number;
  /** Published with 0 for a state that no work order is in. */
  readonly everyState: boolean;
}

const sum = (one: number, other: number): number => one + other;
const stateMetrics = new Map<string, StateMetric>([
  [metrics.workOrders.name, { labels: ['state'], merge: sum, everyState: true }],
  [metrics.workOrderOldestStateEntry.name, { labels: ['state'], merge: Math.min, everyState: false }],
  [metrics.workOrderTransitions.name, { labels: ['from', 'to'], merge: sum, everyState: false }],
]);

/** What is special about a metric whose labels are work-order states; undefined for every other. */
export const stateMetricOf = (metric: Metric): StateMetric | undefined => stateMetrics.get(metric.name);

/** Why a metric of the catalogue cannot be mapped; undefined when it can. */
export function whyNotMappable({ name }: Metric, check: string | undefined): string | undefined {
  if (Object.values(exporterMetrics).some((own) => own.name === name)) return 'is about the exporter itself';
  if (name === metrics.workOrderStateLimit.name) return 'is set under exporter: state_limits:';
  if (name === metrics.up.name && check !== 'none')
    return 'tells whether the path under check: answers; write check: none to map it';
  return undefined;
}

/** Labels that a mapping gives: all but `target`, which is always the name of the MES. */
export const mappedLabels = ({ labels }: Metric): readonly string[] =>
  labels.filter((label) => label !== 'target');

/** The metric of that name, which the mapping has been checked to know. */
export function mappableMetric(name: string): Metric {
  const metric = metricsByName.get(name);
  if (metric === undefined) throw new Error(`the catalogue has no metric "${name}"`);
  return metric;
}
