/** Timers come late. What a busy wire could not carry meanwhile it makes up for, up to this much. */
const catchUpMs = 20;
/** A piece takes about this long, so that connections take short turns; it is no smaller and no larger than these. */
const pieceMs = 50;
const smallestPiece = 512;
const largestPiece = 64 * 1024;

/** Is told how many bytes have arrived, and whether they took time at all. */
export type Arrived = (bytes: number, delayed: boolean) => void;

/** A wire of limited speed that several connections share, one piece of each in turn. */
export class Wire {
  readonly bytesPerSecond: number;
  readonly #piece: number;
  readonly #waiting = new Map<Arrived, number>();
  #carrying: Arrived | undefined;
  #busy = false;
  #doneAt = 0;

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
    const piece = Math.ceil((bytesPerSecond * pieceMs) / 1000);
    this.#piece = Math.min(largestPiece, Math.max(smallestPiece, piece));
  }

  /** Carries a piece of these bytes when it is their turn; `arrived` says how many. One wish at a time for each `arrived`. */
  carry(bytes: number, arrived: Arrived): void {
    this.#waiting.set(arrived, bytes);
    if (!this.#busy) this.#work();
  }

  /** Forgets a wish; a piece under way arrives nowhere. */
  forget(arrived: Arrived): void {
    this.#waiting.delete(arrived);
    if (this.#carrying === arrived) this.#carrying = undefined;
  }

  #work(): void {
    for (const [arrived, bytes] of this.#waiting) {
      this.#waiting.delete(arrived);
      const piece = Math.min(bytes, this.#piece);
      const now = performance.now();
      this.#doneAt =
        Math.max(this.#doneAt, this.#busy ? now - catchUpMs : now) + (piece / this.bytesPerSecond) * 1000;
      this.#busy = true;
      if (this.#doneAt > now) {
        this.#carrying = arrived;
        this.#wait(piece);
        return;
      }
      arrived(piece, false);
    }
    this.#busy = false;
  }

  #wait(piece: number): void {
    const timer = setTimeout(
      () => {
        // A timer may be a fraction of a millisecond early.
        if (performance.now() < this.#doneAt) {
          this.#wait(piece);
          return;
        }
        const arrived = this.#carrying;
        this.#carrying = undefined;
        arrived?.(piece, true);
        this.#work();
      },
      Math.max(0, this.#doneAt - performance.now()),
    );
    timer.unref();
  }
}
