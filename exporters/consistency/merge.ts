import { type Decimal, sameValue } from './decimal.ts';
import { compareKeys, type Keys, sameKeys } from './keys.ts';
import { type Holding, OrderedCursor, type Side } from './ordered-cursor.ts';

/** What can differ: the first key is unknown on one side altogether, only this full key is, or both hold another value. */
export const dimensions = ['material', 'batch', 'quantity'] as const;
export type Dimension = (typeof dimensions)[number];

/** One record that source and destination hold differently; null where a system does not hold it at all. */
export interface Difference {
  readonly destination: string;
  readonly dimension: Dimension;
  readonly keys: Keys;
  readonly inSource: string | null;
  readonly inDestination: string | null;
}

export interface MergeInput {
  readonly source: Side;
  readonly destinations: readonly Side[];
  /** Numbers that are not further apart than this are equal. */
  readonly tolerance: Decimal;
  /** Called for each difference, in the order of the keys. */
  readonly found: (difference: Difference) => void;
}

/** How one destination was compared. With a `failure` its figures, and the differences found in it, mean nothing. */
export interface Merged {
  readonly destination: string;
  /** Records that source or destination hold. */
  readonly records: number;
  /** Records that both hold. */
  readonly inBoth: number;
  /** Records that differ but changed after the watermark; they were not reported as differences. */
  readonly unsettled: number;
  readonly failure: unknown;
}

/**
 * Compares several destinations with one source in one pass over ordered streams, each read once, holding one batch of each and
 * nothing more. A destination that fails is left behind and takes no other with it; rejects when the source fails.
 */
export async function merge({ source, destinations, tolerance, found }: MergeInput): Promise<Merged[]> {
  const from = new OrderedCursor(source);
  const pairs = destinations.map((side) => new Pair(side, tolerance, found));
  try {
    await Promise.all([from.refill(), ...pairs.map((pair) => pair.refill())]);
    let group: string | undefined;
    for (;;) {
      const keys = lowest(from, pairs);
      if (keys === undefined || pairs.every(({ isLeft }) => isLeft)) break;
      // Each stream is ordered: who knows the first key at all stands at it when the first of its records comes up.
      if (keys[0] !== group) for (const pair of pairs) pair.enterGroup(from, keys);
      group = keys[0];
      const held = from.head !== undefined && sameKeys(from.head.keys, keys) ? from.head : undefined;
      for (const pair of pairs) if (pair.compare(keys, held) && !pair.step()) await pair.refill();
      if (held !== undefined && !from.step()) await from.refill();
    }
    return pairs.map((pair) => pair.merged());
  } finally {
    from.close();
    for (const pair of pairs) pair.close();
  }
}

/** The key that comes next in any of the streams. */
function lowest(from: OrderedCursor, pairs: readonly Pair[]): Keys | undefined {
  let keys = from.head?.keys;
  for (const { head } of pairs)
    if (head !== undefined && (keys === undefined || compareKeys(head.keys, keys) < 0)) keys = head.keys;
  return keys;
}

/** One destination beside the source. */
class Pair {
  readonly #cursor: OrderedCursor;
  readonly #tolerance: Decimal;
  readonly #found: (difference: Difference) => void;
  #groupInBoth = false;
  #records = 0;
  #inBoth = 0;
  #unsettled = 0;
  #failure: unknown;

  constructor(side: Side, tolerance: Decimal, found: (difference: Difference) => void) {
    this.#cursor = new OrderedCursor(side);
    this.#tolerance = tolerance;
    this.#found = found;
  }

  get head(): Holding | undefined {
    return this.#cursor.head;
  }

  get isLeft(): boolean {
    return this.#failure !== undefined;
  }

  enterGroup({ head }: OrderedCursor, [first]: Keys): void {
    this.#groupInBoth = head?.keys[0] === first && this.head?.keys[0] === first;
  }

  /** Notes what source and destination hold under this key; true when the destination must go on from it. */
  compare(keys: Keys, held: Holding | undefined): boolean {
    if (this.#failure !== undefined) return false;
    const { head } = this;
    const other = head !== undefined && sameKeys(head.keys, keys) ? head : undefined;
    if (held === undefined && other === undefined) return false;
    this.#records += 1;
    if (held !== undefined && other !== undefined) this.#inBoth += 1;
    const dimension = this.#difference(held, other);
    if (dimension !== undefined) this.#note(dimension, keys, held, other);
    return other !== undefined;
  }

  #difference(held: Holding | undefined, other: Holding | undefined): Dimension | undefined {
    if (held === undefined || other === undefined) return this.#groupInBoth ? 'batch' : 'material';
    return sameValue(held.value, other.value, this.#tolerance) ? undefined : 'quantity';
  }

  #note(dimension: Dimension, keys: Keys, held: Holding | undefined, other: Holding | undefined): void {
    if (held?.unsettled || other?.unsettled) {
      this.#unsettled += 1;
      return;
    }
    const [inSource, inDestination] = [held?.value ?? null, other?.value ?? null];
    this.#found({ destination: this.#cursor.system, dimension, keys, inSource, inDestination });
  }

  /** One record on; false when the next batch must be awaited. */
  step(): boolean {
    try {
      return this.#cursor.step();
    } catch (error) {
      this.#leave(error);
      return true;
    }
  }

  async refill(): Promise<void> {
    await this.#cursor.refill().catch((error) => this.#leave(error));
  }

  #leave(failure: unknown): void {
    this.#failure = failure;
    this.#cursor.head = undefined;
    this.#cursor.close();
  }

  merged(): Merged {
    const [destination, failure] = [this.#cursor.system, this.#failure];
    return {
      destination,
      records: this.#records,
      inBoth: this.#inBoth,
      unsettled: this.#unsettled,
      failure,
    };
  }

  close(): void {
    this.#cursor.close();
  }
}
