import type { Metric } from './metric.ts';

/** Observations in cumulative buckets, the way Prometheus writes them; `count` is the bucket of +Inf. */
export interface HistogramValue {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** One series with its value in this scrape. */
export interface Sample {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramValue;
}

/** A series of a metric of the catalogue; exactly its labels must be given. */
export function sample<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<NoInfer<L>, string>>,
  value: number | HistogramValue,
): Sample {
  return { metric, labels, value };
}
