import { messageOf } from '../../../kit/errors.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { forgottenAfterMs, renewEveryMs } from '../../lease.ts';
import { lastingResidue } from '../../residue.ts';
import { revert } from '../../undo.ts';
import type { DrillEngine, DrillSession } from '../db/drill-session.ts';
import { leftSessions } from '../db/engine.ts';
import { type Duel, fight } from './duel.ts';
import type { RowKey } from './rows.ts';

/** Whatever has become of the drill's signal, its sessions are ended within this. */
const liftLimitMs = 8000;

export interface StormParts {
  plan: Plan;
  engine: DrillEngine;
  /** The session that looks for rows. */
  scout: DrillSession;
  duels: readonly Duel[];
  /** How often each of them fights, in milliseconds. */
  everyMs: number;
  /** Two rows or more, asked anew for every fight: the plant goes on working. */
  rows: () => Promise<RowKey[]>;
  host: Host;
}

/** Duels that go on, each in its own rhythm, until they are lifted. */
export class Storm implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #parts: StormParts;
  readonly #stop = new AbortController();
  readonly #fighting: Promise<unknown>;
  readonly #sessions: readonly DrillSession[];
  readonly #until: number;
  /** The rows that are fought over now. */
  readonly #taken = new Set<string>();
  #deadlocks = 0;
  #lifting: Promise<void> | undefined;

  constructor(parts: StormParts) {
    this.#parts = parts;
    const { scout, duels, plan, host, everyMs } = parts;
    this.#until = host.clock.now() + plan.durationMs + forgottenAfterMs;
    this.#sessions = [scout, ...duels.flatMap(({ sessions }) => sessions)];
    this.liftedByOthers = new Promise((resolve) => {
      for (const { endedByOthers } of this.#sessions)
        endedByOthers.then((by) => {
          if (!this.#lifting) resolve(by);
        });
    });
    const startMs = (index: number) => (index * everyMs) / duels.length;
    this.#fighting = Promise.all(duels.map((duel, index) => this.#goOn(duel, startMs(index))));
  }

  async touched(): Promise<number> {
    return this.#deadlocks;
  }

  residue(): Promise<string[]> {
    const { plan, engine } = this.#parts;
    return lastingResidue(`${plan.kind} on ${plan.target}`, () => leftSessions(engine, plan.target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  /** Those that wait for a row do not hear a goodbye: they are ended as the undo does it. */
  async #lift(): Promise<void> {
    const { plan, host } = this.#parts;
    this.#stop.abort();
    try {
      await revert(plan.undo, { targets: host.targets, fetch: host.fetch }, AbortSignal.timeout(liftLimitMs));
    } finally {
      await Promise.all(this.#sessions.map(leave));
      await this.#fighting;
    }
  }

  async #goOn(duel: Duel, startMs: number): Promise<void> {
    const { clock, log } = this.#parts.host;
    let next = clock.now() + startMs;
    while (this.#goesOn()) {
      try {
        await this.#rest(duel, next);
        next = Math.max(clock.now(), next + this.#parts.everyMs);
        // Added after the wait: others have counted meanwhile.
        const broken = await this.#fightOverFreeRows(duel);
        this.#deadlocks += broken;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        log.debug({ target: this.#parts.plan.target, error: messageOf(error) }, 'a duel of db.deadlocks');
      }
    }
  }

  /** Duels over the same row would only stand in each other's queue. */
  async #fightOverFreeRows(duel: Duel): Promise<number> {
    const rows = (await this.#parts.rows()).filter((row) => !this.#taken.has(JSON.stringify(row)));
    const two = twoOf(rows);
    if (two === undefined) return 0;
    const names = two.map((row) => JSON.stringify(row));
    for (const name of names) this.#taken.add(name);
    try {
      return await fight(duel, two);
    } finally {
      for (const name of names) this.#taken.delete(name);
    }
  }

  /** A session that somebody else has ended ends them all. */
  #goesOn(): boolean {
    const isLate = this.#parts.host.clock.now() >= this.#until;
    return !this.#stop.signal.aborted && !isLate && this.#sessions.every(({ isOver }) => !isOver);
  }

  /** The server would end sessions that are silent for longer than their lease. */
  async #rest({ sessions }: Duel, until: number): Promise<void> {
    const { scout, host } = this.#parts;
    const { clock } = host;
    for (let left = until - clock.now(); left > 0; left = until - clock.now()) {
      await clock.sleep(Math.min(left, renewEveryMs), this.#stop.signal);
      await Promise.all([scout, ...sessions].map((session) => session.query('SELECT 1')));
    }
  }
}

const leave = (session: AsyncDisposable): PromiseLike<void> => session[Symbol.asyncDispose]();

/** Any two of them, in any order; undefined when there are fewer. */
function twoOf(rows: readonly RowKey[]): [RowKey, RowKey] | undefined {
  const first = Math.floor(Math.random() * rows.length);
  const second = (first + 1 + Math.floor(Math.random() * (rows.length - 1))) % rows.length;
  const [one, other] = [rows[first], rows[second]];
  return one === undefined || other === undefined || one === other ? undefined : [one, other];
}
