/** Who waits: how long the same thing took the last time, and what lets it in. */
interface Waiting {
  readonly usualMs: number;
  readonly letIn: () => void;
}

/** So many things are remembered by how long they took. */
const remembered = 100;

/**
 * Lets one in at a time: first whoever was quick the last time, among equals whoever came first. So what usually takes a
 * millisecond waits for at most the one that is inside, however many slow ones stand in line.
 */
export class Turnstile {
  readonly #usualMs = new Map<string, number>();
  readonly #line: Waiting[] = [];
  readonly #now: () => number;
  #isTaken = false;

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Resolves when it is the caller's turn, with what ends it; `what` is remembered by how long it took. Throws when the signal aborts first. */
  async enter(signal: AbortSignal, what = ''): Promise<Disposable> {
    if (signal.aborted) throw tooLate();
    if (this.#isTaken) await this.#wait(signal, this.#usualMs.get(what) ?? 0);
    this.#isTaken = true;
    const from = this.#now();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#remember(what, Math.round(this.#now() - from));
        this.#next();
      },
    };
  }

  #wait(signal: AbortSignal, usualMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        reject(tooLate());
      };
      const letIn = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting = { usualMs, letIn };
      const behind = this.#line.findIndex((other) => other.usualMs > usualMs);
      this.#line.splice(behind === -1 ? this.#line.length : behind, 0, waiting);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** It stays taken when somebody waits: nobody may slip in between. */
  #next(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#isTaken = false;
    else next.letIn();
  }

  #remember(what: string, ms: number): void {
    this.#usualMs.delete(what);
    this.#usualMs.set(what, ms);
    const [oldest] = this.#usualMs.keys();
    if (this.#usualMs.size > remembered && oldest !== undefined) this.#usualMs.delete(oldest);
  }
}

const tooLate = () => new Error('the database was still busy with another collector');
