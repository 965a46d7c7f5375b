import type { Clock } from '../../kit/clock.ts';
import { messageOf } from '../../kit/errors.ts';
import { outsideTrace } from '../../kit/tracing.ts';
import type { SparseLog } from '../sparse-log.ts';
import { Wake } from '../wake.ts';
import type { Journal, WaitingEntry } from './journal.ts';

/** What the MES made of an entry. */
export type Delivery = { outcome: 'done' | 'refused' | 'failed'; answer: string };

/** What the forwarder works with, and its times. */
export interface ForwarderParts {
  journal: Journal;
  clock: Clock;
  log: SparseLog;
  deliver(entry: WaitingEntry, signal: AbortSignal): Promise<Delivery>;
  /** Resolves when the MES is ready. */
  mesReady(signal: AbortSignal): Promise<void>;
  /** Called when an entry has left the queue of its source. */
  onSettled(entry: WaitingEntry): void;
  retryDelayMs: number;
  maxRetries: number;
  /** The weakness `retry`: what fails once is gone. */
  dropFailed: boolean;
}

/**
 * Store and forward: each source in its own order, one entry on its way at a time. A failed entry is tried again after
 * a pause, a limited number of times; then the source is parked until the MES is ready, and replayed.
 */
export class Forwarder implements AsyncDisposable {
  readonly #parts: ForwarderParts;
  readonly #end = new AbortController();
  readonly #sources = new Map<string, { wake: Wake; done: Promise<void> }>();
  #lastForwardedAt: number | undefined;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
    for (const source of parts.journal.waitingSources()) this.call(source);
  }

  /** There is something new of this source in the journal. */
  call(source: string): void {
    const known = this.#sources.get(source);
    if (known) known.wake.call();
    else {
      const wake = new Wake(this.#end.signal);
      // Not in the trace of the one request that happens to be the first of its source.
      this.#sources.set(source, { wake, done: outsideTrace(() => this.#run(source, wake)) });
    }
  }

  get lastForwardedAt(): number | undefined {
    return this.#lastForwardedAt;
  }

  async #run(source: string, wake: Wake): Promise<void> {
    const { journal, clock, log } = this.#parts;
    while (!this.#end.signal.aborted) {
      const entry = journal.head(source);
      try {
        if (entry) await this.#forward(entry);
        else await wake.sleep(clock, idleMs);
      } catch (error) {
        if (this.#end.signal.aborted) return;
        log.failure(`forwarding of ${source} was interrupted`, error);
        await clock.sleep(1000, this.#end.signal).catch(() => {});
      }
    }
  }

  async #forward(entry: WaitingEntry): Promise<void> {
    const { journal, clock, log } = this.#parts;
    await clock.sleep(Math.max(0, entry.nextAt - clock.now()), this.#end.signal);
    const { outcome, answer } = await this.#deliver(entry);
    this.#end.signal.throwIfAborted();
    if (outcome === 'failed' && !this.#parts.dropFailed) return this.#failed(entry, answer);
    const state = outcome === 'done' ? 'done' : outcome === 'refused' ? 'dead' : 'dropped';
    journal.settle(entry.id, state, answer, clock.now());
    if (state === 'done') this.#lastForwardedAt = clock.now();
    else log.failure(`an entry is ${state}`, new Error(`${entry.key}: ${answer}`));
    this.#parts.onSettled(entry);
  }

  async #deliver(entry: WaitingEntry): Promise<Delivery> {
    try {
      return await this.#parts.deliver(entry, this.#end.signal);
    } catch (error) {
      return { outcome: 'failed', answer: messageOf(error) };
    }
  }

  async #failed(entry: WaitingEntry, answer: string): Promise<void> {
    const { journal, clock, log, retryDelayMs, maxRetries, mesReady } = this.#parts;
    log.failure('forwarding fails', new Error(`${entry.key}: ${answer}`));
    if (entry.attempts < maxRetries) {
      journal.postpone(entry.id, clock.now() + retryDelayMs);
      return;
    }
    journal.park(entry.source);
    await mesReady(this.#end.signal);
    journal.unpark(entry.source);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new Error('the gateway ends'));
    await Promise.all([...this.#sources.values()].map(({ done }) => done));
  }
}

/** A source without work looks anyway once in a while. */
const idleMs = 60_000;
