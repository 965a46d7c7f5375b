import type { Clock } from '../../kit/clock.ts';
import { isRefusedStatement } from '../database/database.ts';
import type { SparseLog } from '../sparse-log.ts';

/** Writes many items in one transaction. Throws what the database throws. */
export type Apply<T> = (items: readonly T[]) => Promise<void>;

/** How batches are made, and how long an item may fail. */
export interface BatchOptions {
  size: number;
  /** How long a transaction waits for company. */
  delayMs: number;
  /** Attempts at an item that the database refuses. */
  maxAttempts: number;
  retryDelayMs: number;
}

interface Waiting<T> {
  item: T;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * Gathers items and applies them together. A database that is away is waited for without limit; an item that it
 * refuses is tried alone a limited number of times, so that it holds up no other.
 */
export class Batcher<T> {
  readonly #apply: Apply<T>;
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #log: SparseLog;
  readonly #signal: AbortSignal;
  #waiting: Waiting<T>[] = [];
  #working = false;

  constructor(apply: Apply<T>, options: BatchOptions, clock: Clock, log: SparseLog, signal: AbortSignal) {
    this.#apply = apply;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
  }

  /** Resolves when the item is committed; rejects when the database refuses it for good, or at the end. */
  add(item: T): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      await this.#clock.sleep(this.#options.delayMs, this.#signal).catch(() => {});
      const batch = this.#waiting.splice(0, this.#options.size);
      try {
        await this.#settle(batch);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#working = false;
  }

  async #settle(batch: readonly Waiting<T>[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#signal.throwIfAborted();
      try {
        await this.#apply(batch.map(({ item }) => item));
        for (const { done } of batch) done();
        return;
      } catch (error) {
        if (isRefusedStatement(error)) {
          if (batch.length > 1) return this.#settleOneByOne(batch);
          if (attempt >= this.#options.maxAttempts) throw error;
        }
        this.#log.failure('messages wait', error);
        await this.#clock.sleep(this.#options.retryDelayMs, this.#signal);
      }
    }
  }

  async #settleOneByOne(batch: readonly Waiting<T>[]): Promise<void> {
    for (const one of batch) {
      try {
        await this.#settle([one]);
      } catch (error) {
        one.failed(error);
      }
    }
  }
}
