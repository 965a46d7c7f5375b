import type { Metric } from './metric.ts';
import { Series } from './sample.ts';

/**
 * The series of one metric, kept from scrape to scrape under a key of the caller: for collectors with thousands of them.
 * `sweep` after each scrape forgets those which did not occur in it.
 */
export class SeriesCache<L extends string> {
  readonly #metric: Metric<L>;
  #now = new Map<string, Series>();
  #before = new Map<string, Series>();

  constructor(metric: Metric<L>) {
    this.#metric = metric;
  }

  /** The series of this key; `labels` is asked only when the key is new. The same key must mean the same labels. */
  of(key: string, labels: () => Readonly<Record<NoInfer<L>, string>>): Series {
    const known = this.#now.get(key);
    if (known !== undefined) return known;
    const series = this.#before.get(key) ?? (new Series(this.#metric, labels()) as unknown as Series);
    this.#now.set(key, series);
    return series;
  }

  /** Ends a scrape: what did not occur in it is forgotten with the next one. */
  sweep(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
