import type { Difference, Dimension } from './merge.ts';

/** Records by what differs. */
export type Counts = Readonly<Record<Dimension, number>>;

/** Counts every difference of one destination and keeps the first ones, so that memory is bounded whatever is found. */
export class DifferenceList {
  readonly kept: Difference[] = [];
  readonly #keep: number;
  readonly #counts = { material: 0, batch: 0, quantity: 0 };

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(difference: Difference): void {
    this.#counts[difference.dimension] += 1;
    if (this.kept.length < this.#keep) this.kept.push(difference);
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  get total(): number {
    return this.#counts.material + this.#counts.batch + this.#counts.quantity;
  }

  /** Whether there are more than are kept. */
  get isCut(): boolean {
    return this.total > this.kept.length;
  }
}
