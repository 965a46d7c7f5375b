import type { Metric } from '../metric.ts';
import { Series } from '../sample.ts';

interface Entry {
  readonly series: Series;
  lastScrape: number;
}

/**
 * The series of one metric under keys made from rows, kept from scrape to scrape. Unlike a SeriesCache it tells when a key comes
 * twice in one scrape, at the price of a single look: with 100,000 rows that is what a scrape consists of.
 */
export class SeriesOfRows {
  readonly #metric: Metric;
  readonly #entries = new Map<string, Entry>();
  #scrape = 0;
  #seen = 0;

  constructor(metric: Metric) {
    this.#metric = metric;
  }

  /** How many series are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The series of a key; `labels` is asked only when the key is new. Throws when this scrape has had the key already. */
  once(key: string, labels: () => Readonly<Record<string, string>>): Series {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { series: new Series(this.#metric, labels()), lastScrape: -1 };
      this.#entries.set(key, entry);
    }
    if (entry.lastScrape === this.#scrape)
      throw new Error(`two rows are the same series {${entry.series.labelText}}`);
    entry.lastScrape = this.#scrape;
    this.#seen += 1;
    return entry.series;
  }

  /** Begins a scrape, whatever became of the one before. */
  begin(): void {
    this.#scrape += 1;
    this.#seen = 0;
  }

  /** Forgets series that are gone. Looking for them takes time, so it is done only when a tenth may go. */
  sweep(): void {
    if (this.#entries.size <= 1.1 * this.#seen) return;
    for (const [key, { lastScrape }] of this.#entries)
      if (lastScrape !== this.#scrape) this.#entries.delete(key);
  }
}
