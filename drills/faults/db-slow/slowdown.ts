/** So much slower than before is more than chance. */
const slower = 1.25;
/** A middle of fewer says little. */
const least = 3;

/** Compares how long one small statement took before a server was kept busy and how long it takes since. */
export class Slowdown {
  readonly #before: number[] = [];
  readonly #since: number[] = [];

  before(ms: number): void {
    this.#before.push(ms);
  }

  /** Only the last few count: load comes and goes. */
  since(ms: number): void {
    this.#since.push(ms);
    if (this.#since.length > 5) this.#since.shift();
  }

  /** How many times as long it takes now: the middle of the last few against the middle before; 1 as long as little is known. */
  get ratio(): number {
    if (this.#since.length < least || this.#before.length < least) return 1;
    return middle(this.#since) / middle(this.#before);
  }

  get isFelt(): boolean {
    return this.ratio >= slower;
  }
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
