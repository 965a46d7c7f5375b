import type pg from 'pg';
import type { Clock } from '../../../kit/clock.ts';

const lookEveryMs = 500;

/** A session is told by its process and its start, because process ids come back. */
const waiting = `
  SELECT pid, backend_start::text AS since FROM pg_stat_activity
  WHERE wait_event_type = 'Lock' AND $1 = ANY (pg_blocking_pids(pid))`;

/** Counts the sessions that were ever seen waiting for one backend, looking twice a second. */
export class BlockedSessions implements AsyncDisposable {
  readonly #blocker: number;
  readonly #counter: pg.Client;
  readonly #seen = new Set<string>();
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;

  constructor(blocker: number, counter: pg.Client, clock: Clock, onError: (error: unknown) => void) {
    this.#blocker = blocker;
    this.#counter = counter;
    this.#looking = this.#keepLooking(clock).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) onError(error);
    });
  }

  /** Different sessions seen waiting so far. */
  get count(): number {
    return this.#seen.size;
  }

  async look(): Promise<void> {
    const { rows } = await this.#counter.query<{ pid: number; since: string }>(waiting, [this.#blocker]);
    for (const { pid, since } of rows) this.#seen.add(`${pid} since ${since}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
  }

  async #keepLooking(clock: Clock): Promise<void> {
    for (;;) {
      await this.look();
      await clock.sleep(lookEveryMs, this.#stop.signal);
    }
  }
}
