import type { Metric } from './metric.ts';
import { Series } from './sample.ts';

interface Entry {
  readonly series: Series;
  lastScrape: number;
}

/**
 * The series of one metric, kept from scrape to scrape under a key of the caller: for collectors with thousands of them.
 * `sweep` ends a scrape; series that no longer occur are forgotten soon after.
 */
export class SeriesCache<L extends string> {
  readonly #metric: Metric<L>;
  readonly #entries = new Map<string, Entry>();
  #scrape = 0;
  #seen = 0;

  constructor(metric: Metric<L>) {
    this.#metric = metric;
  }

  /** How many series are kept, those included that may soon be forgotten. */
  get size(): number {
    return this.#entries.size;
  }

  /** The series of this key; `labels` is asked only when the key is new. The same key must mean the same labels. */
  of(key: string, labels: () => Readonly<Record<NoInfer<L>, string>>): Series {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { series: new Series(this.#metric, labels()), lastScrape: -1 };
      this.#entries.set(key, entry);
    }
    if (entry.lastScrape !== this.#scrape) {
      entry.lastScrape = this.#scrape;
      this.#seen += 1;
    }
    return entry.series;
  }

  /** Ends a scrape. Looking for what is gone takes time, so it is done only when a tenth of the series may go. */
  sweep(): void {
    if (this.#entries.size > 1.1 * this.#seen) {
      for (const [key, { lastScrape }] of this.#entries)
        if (lastScrape !== this.#scrape) this.#entries.delete(key);
    }
    this.#scrape += 1;
    this.#seen = 0;
  }
}
