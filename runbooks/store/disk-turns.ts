/**
 * Writing to the disk keeps the event loop, and a run writes many times. Between two turns requests are read and answered: runs
 * get one turn each time round, one after the other, however many there are.
 */
export class DiskTurns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when it is the caller's turn to write. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#give());
    });
  }

  #give(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#give());
  }
}
