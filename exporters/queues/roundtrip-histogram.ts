import type { HistogramValue } from '../sample.ts';

/** Seconds; alerts ask for more than 60 and more than 300. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/** Round trips counted in buckets. */
export class RoundtripHistogram {
  readonly #counts = bounds.map(() => 0);
  #sum = 0;
  #count = 0;

  observe(seconds: number): void {
    bounds.forEach((bound, index) => {
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    });
    this.#sum += seconds;
    this.#count += 1;
  }

  get value(): HistogramValue {
    const buckets = bounds.map((le, index) => ({ le, count: this.#counts[index] ?? 0 }));
    return { buckets, sum: this.#sum, count: this.#count };
  }
}
