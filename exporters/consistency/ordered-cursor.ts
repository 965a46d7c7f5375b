import { compareKeys, type Keys, keysText } from './keys.ts';

/** What a system holds under one key. */
export interface Holding {
  readonly keys: Keys;
  /** As the system writes it; decimal numbers are compared as such. */
  readonly value: string;
  /** Changed after the watermark: it may differ, and does not count yet. */
  readonly unsettled: boolean;
}

/** One system of a comparison. Its holdings must come ordered by key, in bytewise order, each key once. */
export interface Side {
  readonly system: string;
  readonly holdings: AsyncIterable<readonly Holding[]>;
}

const mend = 'ORDER BY … COLLATE "C" in PostgreSQL, ORDER BY CAST(… AS BINARY) in MySQL and MariaDB';

/** Reads one system record by record, and trusts no database's idea of an order: it looks at every row. */
export class OrderedCursor {
  readonly system: string;
  /** The record it stands at; undefined at the end. */
  head: Holding | undefined;
  readonly #batches: AsyncIterator<readonly Holding[]>;
  #batch: readonly Holding[] = [];
  #index = -1;

  constructor({ system, holdings }: Side) {
    this.system = system;
    this.#batches = holdings[Symbol.asyncIterator]();
  }

  /** Goes one record on within the batch in hand. False when that is used up: then `refill` must be awaited. */
  step(): boolean {
    this.#index += 1;
    const next = this.#batch[this.#index];
    if (next === undefined) return false;
    this.#mustFollow(next.keys);
    this.head = next;
    return true;
  }

  /** Takes the next batch and stands at its first record, or at the end. */
  async refill(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#batches.next();
      this.#index = -1;
      this.#batch = done ? [] : value;
      if (done) this.head = undefined;
      if (done || this.step()) return;
    }
  }

  /** Tells the reader that no more is wanted. Not waited for: a database that has stopped answering would hold everybody up. */
  close(): void {
    this.#batches.return?.()?.catch(() => {});
  }

  #mustFollow(keys: Keys): void {
    const before = this.head?.keys;
    if (before === undefined) return;
    const order = compareKeys(before, keys);
    if (order < 0) return;
    throw new Error(
      order === 0
        ? `${this.system}: ${keysText(keys)} occurs twice; the query must return each key once (GROUP BY)`
        : `${this.system}: ${keysText(keys)} came after ${keysText(before)}; the rows must come in bytewise order of the keys (${mend})`,
    );
  }
}
