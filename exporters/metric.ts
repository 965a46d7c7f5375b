/** One metric as the exporter publishes it; `L` names its labels, so that a series with a wrong label does not compile. */
export interface Metric<L extends string = string> {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly L[];
}

const define =
  (type: Metric['type']) =>
  <const L extends string>(name: string, labels: readonly L[], help: string): Metric<L> => ({
    name,
    type,
    help,
    labels,
  });

/** A value that goes up and down. */
export const gauge = define('gauge');
/** A total that only grows, until what counts it restarts. */
export const counter = define('counter');
/** Observations counted in buckets. */
export const histogram = define('histogram');
