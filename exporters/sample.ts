import type { Metric } from './metric.ts';

/** Observations in cumulative buckets, the way Prometheus writes them; `count` is the bucket of +Inf. */
export interface HistogramValue {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** A metric with its labels: what Prometheus calls one series. Its text is made once, however often it is scraped. */
export class Series<L extends string = string> {
  readonly metric: Metric<L>;
  /** The labels as they stand between the braces. */
  readonly labelText: string;
  /** Name and labels up to the space before the value. */
  readonly prefix: string;

  constructor(metric: Metric<L>, labels: Readonly<Record<NoInfer<L>, string>>) {
    this.metric = metric;
    let text = '';
    for (const label of metric.labels)
      text += `${text === '' ? '' : ','}${label}="${labelValue(labels[label])}"`;
    this.labelText = text;
    this.prefix = text === '' ? `${metric.name} ` : `${metric.name}{${text}} `;
  }
}

/** One series with its value in this scrape. */
export interface Sample {
  readonly series: Series;
  readonly value: number | HistogramValue;
}

/** A sample of a metric of the catalogue; exactly its labels must be given. */
export function sample<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<NoInfer<L>, string>>,
  value: number | HistogramValue,
): Sample {
  return { series: new Series(metric, labels), value };
}

const longestLabel = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const needsCleaning = /[\x00-\x1f\x7f"\\]|[\ud800-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away.
const controlCharacters = /[\x00-\x09\x0b-\x1f\x7f]/g;

/** A label's value, cleaned of control characters, shortened where it is no name any more, and escaped. */
function labelValue(text: string): string {
  const short = text.length > longestLabel ? `${text.slice(0, longestLabel - 1)}…` : text;
  if (!needsCleaning.test(short)) return short;
  const clean = short.toWellFormed().replaceAll(controlCharacters, ' ');
  return clean.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
