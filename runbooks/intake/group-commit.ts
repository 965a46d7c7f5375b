import { isAboutTheDatabase } from '../../kit/sqlite.ts';

/** One thing to be stored, and who waits for it. */
interface Waiting<R> {
  work: () => R;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/** One commit must not keep the event loop for long: what is more waits for the next one. */
const mostAtOnce = 100;

/**
 * Stores together what arrives together. A commit costs an fsync however much it holds: requests that come while one is made wait
 * for the next, which holds them all. Each is answered when it is on the disk.
 */
export class GroupCommit<R> {
  readonly #transaction: <T>(work: () => T) => T;
  readonly #committed: (results: readonly R[]) => void;
  #waiting: Waiting<R>[] = [];

  /** `committed` is told of each commit before anybody is answered; where it throws, nobody is. */
  constructor(transaction: <T>(work: () => T) => T, committed: (results: readonly R[]) => void) {
    this.#transaction = transaction;
    this.#committed = committed;
  }

  /** Resolves when what `work` has stored is on the disk; rejects when it is not. */
  add(work: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ work, resolve, reject });
    });
  }

  #flush(): void {
    const batch = this.#waiting.splice(0, mostAtOnce);
    if (this.#waiting.length > 0) setImmediate(() => this.#flush());
    const failure = this.#commit(batch);
    if (failure === undefined) return;
    for (const one of batch) {
      // What one of them does wrong must not cost the others theirs; a store that is locked would let each wait as long again.
      const own = isAboutTheDatabase(failure.error) ? failure : this.#commit([one]);
      if (own !== undefined) one.reject(own.error);
    }
  }

  /** Why they could not be stored together; undefined when they were, and have their answers. */
  #commit(batch: readonly Waiting<R>[]): { error: unknown } | undefined {
    let results: R[];
    try {
      results = this.#transaction(() => batch.map(({ work }) => work()));
    } catch (error) {
      return { error };
    }
    try {
      this.#committed(results);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    return undefined;
  }
}
