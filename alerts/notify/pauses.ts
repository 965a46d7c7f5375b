import type { Sqlite } from '../../kit/sqlite.ts';

/** How long to wait after a failure: doubled with each further one, up to the ceiling. */
export interface Backoff {
  readonly baseMs: number;
  readonly ceilingMs: number;
}

/** A receiver that is down is noticed again within a minute, and is asked no more than once in it. */
export const usualBackoff: Backoff = { baseMs: 1000, ceilingMs: 60_000 };

/** What the other end asks for counts, but a mistake there must not silence a receiver for a day. */
export const longestPauseMs = 15 * 60_000;

/** Receivers that failed last time are left alone for a while; everything for them gathers meanwhile. */
export class Pauses {
  readonly #backoff: Backoff;
  readonly #get;
  readonly #set;
  readonly #end;

  constructor(database: Sqlite, backoff: Backoff) {
    this.#backoff = backoff;
    this.#get = database.prepare('SELECT failures, until FROM pauses WHERE receiver = ?');
    this.#set = database.prepare(
      'INSERT OR REPLACE INTO pauses (receiver, failures, until) VALUES (?, ?, ?)',
    );
    this.#end = database.prepare('DELETE FROM pauses WHERE receiver = ?');
  }

  /** A time that no pause can reach is of a clock that has been put back since. */
  until(receiver: string, now: number): number {
    const until = Number(this.#get.get(receiver)?.until ?? 0);
    return until > now + longestPauseMs ? now : until;
  }

  /** Returns for how long. */
  begin(receiver: string, askedMs: number | undefined, now: number): number {
    const failures = Number(this.#get.get(receiver)?.failures ?? 0);
    const { baseMs, ceilingMs } = this.#backoff;
    const ms =
      askedMs === undefined
        ? Math.min(ceilingMs, baseMs * 2 ** Math.min(failures, 30))
        : Math.min(longestPauseMs, Math.max(baseMs, askedMs));
    this.#set.run(receiver, failures + 1, now + ms);
    return ms;
  }

  end(receiver: string): void {
    this.#end.run(receiver);
  }
}
