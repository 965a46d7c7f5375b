/** Sequence numbers run from 0 to 255 and begin again. */
const numbers = 256;
/** With more than half of them waiting nobody can say any more which is early and which is late. */
const mostWaiting = numbers / 2;

const after = (seq: number): number => (seq + 1) % numbers;

/** What is known when the time for missing messages is over. */
export interface ClosedGap<M> {
  /** Breaks in the numbering: several missing in a row are one. */
  readonly gaps: number;
  /** What had arrived behind them, in order. */
  readonly ready: M[];
}

/**
 * Puts the messages of one edge node in the order of their sequence numbers. What comes too early waits for the missing ones; when
 * those do not come in time, the caller ends the wait.
 */
export class MessageSequence<M> {
  #expected: number | undefined;
  readonly #waiting = new Map<number, M>();
  #waitingSinceMs: number | undefined;
  /** Numbers that were given up: should they come after all, they are too late. */
  readonly #givenUp = new Set<number>();

  /** A birth begins a new numbering; what still waits belongs to the old one. */
  restart(seq: number | undefined): void {
    this.#expected = seq === undefined ? undefined : after(seq);
    this.#waiting.clear();
    this.#givenUp.clear();
    this.#waitingSinceMs = undefined;
  }

  /** Since when messages wait for a missing one; undefined when none does. */
  get waitingSinceMs(): number | undefined {
    return this.#waitingSinceMs;
  }

  /** Whether so many messages wait that the missing one must be given up although its time is not over. */
  get isFull(): boolean {
    return this.#waiting.size >= mostWaiting;
  }

  /** Takes a message; returns those whose turn it is now. */
  accept(seq: number, message: M, nowMs: number): M[] {
    this.#expected ??= seq;
    if (seq === this.#expected) return this.#drain(message, nowMs);
    // The last one once more: a repetition, or an edge node that does not count. Either may be taken again.
    if (after(seq) === this.#expected) return [message];
    if (this.#givenUp.has(seq)) return [];
    this.#waiting.set(seq, message);
    this.#waitingSinceMs ??= nowMs;
    return [];
  }

  #drain(first: M, nowMs: number): M[] {
    const ready = [first];
    this.#advance();
    for (;;) {
      const next = this.#waiting.get(this.#expected ?? 0);
      if (next === undefined) break;
      this.#waiting.delete(this.#expected ?? 0);
      ready.push(next);
      this.#advance();
    }
    // What still waits does so for another message, which has its own time.
    this.#waitingSinceMs = this.#waiting.size === 0 ? undefined : nowMs;
    return ready;
  }

  #advance(): void {
    this.#expected = after(this.#expected ?? 0);
    this.#givenUp.delete(this.#expected);
  }

  /** Gives up what is missing before the last message that waits. */
  giveUp(): ClosedGap<M> {
    const ready: M[] = [];
    let gaps = 0;
    let isMissing = false;
    while (this.#waiting.size > 0) {
      const seq = this.#expected ?? 0;
      const message = this.#waiting.get(seq);
      if (message !== undefined) ready.push(message);
      else {
        if (!isMissing) gaps += 1;
        this.#givenUp.add(seq);
      }
      isMissing = message === undefined;
      this.#waiting.delete(seq);
      this.#expected = after(seq);
    }
    this.#waitingSinceMs = undefined;
    return { gaps, ready };
  }
}
