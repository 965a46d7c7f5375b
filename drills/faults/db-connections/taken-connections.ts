import { messageOf, UnavailableError } from '../../../kit/errors.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { keepLease } from '../../lease.ts';
import { lastingResidue } from '../../residue.ts';
import { type DrillEngine, type DrillSession, type EndedBy, leasedLimits } from '../db/drill-session.ts';
import { leftSessions } from '../db/engine.ts';
import { sharedAnswer } from '../db/shared-answer.ts';
import { type Filling, goalOf, type Room, roomOf } from './room.ts';

/** So many are opened beside each other: a server has to check a password for each. */
const atOnce = 10;
/** A server that refuses so often although there is room has another limit: of the user, the role or the database. */
const refusalsMost = 5;
const afterRefusalMs = 100;
/** How often is looked whether others came or went. */
const lookMs = 500;
/** Signs of life of many sessions are spread over most of a second. */
const slices = 8;
const sliceMs = 100;

export interface TakenConnectionsParts {
  plan: Plan;
  engine: DrillEngine;
  filling: Filling & { most: number };
  host: Host;
}

/** Connections that are taken from a server, and more as others let go; those that administrators need are given back. */
export class TakenConnections implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #parts: TakenConnectionsParts;
  readonly #sessions = new Set<DrillSession>();
  readonly #stop = new AbortController();
  readonly #observer: DrillSession;
  #lease: AsyncDisposable | undefined;
  #pressing: Promise<void> | undefined;
  #lifting: Promise<void> | undefined;
  #endedByOthers: EndedBy | undefined;
  /** The most that were held at the time when the server was as full as wished. */
  #touched = 0;

  /** How many connections are missing until it is as full as wished; negative when there are more. */
  readonly #missing = sharedAnswer(async () => {
    const room: Room = await roomOf(this.#observer, this.#parts.engine.kind);
    const missing = goalOf(room, this.#parts.filling) - room.open;
    if (missing <= 0) this.#touched = Math.max(this.#touched, this.#sessions.size);
    return missing;
  });

  private constructor(parts: TakenConnectionsParts, observer: DrillSession) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#parts = parts;
    this.#observer = observer;
  }

  /** Fills the server. When that fails, everything that was taken is given back before the error is thrown. */
  static async take(parts: TakenConnectionsParts, signal: AbortSignal): Promise<TakenConnections> {
    // It comes first: when the server is full, nobody else gets in to look.
    const taken = new TakenConnections(parts, await parts.engine.open(leasedLimits));
    try {
      await taken.#begin(signal);
      return taken;
    } catch (error) {
      await taken[Symbol.asyncDispose]();
      throw error;
    }
  }

  async touched(): Promise<number> {
    if (!this.#lifting) await this.#missing().catch(() => {});
    return this.#touched;
  }

  residue(): Promise<string[]> {
    const { plan, engine } = this.#parts;
    return lastingResidue(`${plan.kind} on ${plan.target}`, () => leftSessions(engine, plan.target));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { host, plan } = this.#parts;
    this.#lease = keepLease({
      clock: host.clock,
      durationMs: plan.durationMs,
      renew: () => this.#renew(),
      onError: (error) => this.#complain(error),
    });
    await this.#fill(signal);
    this.#pressing = this.#press().catch((error: unknown) => this.#complain(error));
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const { most } = this.#parts.filling;
    for (let refusals = 0, missing = await this.#missing(); missing > 0; missing = await this.#missing()) {
      signal.throwIfAborted();
      if (this.#sessions.size >= most) throw this.#refusal('most', `needs over ${most} sessions to be full`);
      const refused = await this.#take(Math.min(missing, most - this.#sessions.size, atOnce));
      if (refused === undefined) continue;
      refusals += 1;
      if (refusals >= refusalsMost)
        throw this.#refusal('quota', `is not full and refuses: ${messageOf(refused)}`);
      await this.#parts.host.clock.sleep(afterRefusalMs, signal);
    }
  }

  /** Keeps the server as full as it was, until somebody ends what it holds. */
  async #press(): Promise<void> {
    const { clock } = this.#parts.host;
    const { most } = this.#parts.filling;
    while (!this.#stop.signal.aborted && this.#endedByOthers === undefined) {
      const missing = await this.#missing();
      const takes = Math.min(missing, most - this.#sessions.size, atOnce);
      if (takes > 0) await this.#take(takes);
      if (missing < 0) await this.#giveBack(-missing);
      await clock.sleep(lookMs, this.#stop.signal);
    }
  }

  /** Returns why one was refused, if any was. */
  async #take(count: number): Promise<unknown> {
    const { engine } = this.#parts;
    const opening = Array.from({ length: count }, async () => this.#keep(await engine.open(leasedLimits)));
    const failed = (await Promise.allSettled(opening)).find(({ status }) => status === 'rejected');
    return failed?.status === 'rejected' ? failed.reason : undefined;
  }

  #keep(session: DrillSession): void {
    this.#sessions.add(session);
    void session.endedByOthers.then((by) => {
      if (this.#lifting) return;
      // Who ends sessions of ours is healing, or the server is: nothing is taken any more.
      this.#endedByOthers = by;
      const all = [...this.#sessions];
      if (all.filter(({ isOver }) => isOver).length * 2 >= all.length) this.#lifted(by);
    });
  }

  async #giveBack(count: number): Promise<void> {
    const some = [...this.#sessions].slice(0, count);
    for (const session of some) this.#sessions.delete(session);
    await Promise.all(some.map((session) => session[Symbol.asyncDispose]()));
  }

  async #renew(): Promise<boolean> {
    const all = [...this.#sessions].filter(({ isOver }) => !isOver);
    const size = Math.ceil(all.length / slices);
    for (let first = 0; first < all.length; first += size) {
      const slice = all.slice(first, first + size);
      await Promise.allSettled(slice.map((session) => session.query('SELECT 1')));
      await this.#parts.host.clock.sleep(sliceMs, this.#stop.signal);
    }
    return all.length > 0;
  }

  #refusal(code: string, why: string): UnavailableError {
    return new UnavailableError(`db-connections.${code}`, `${this.#parts.plan.target} ${why}`, {
      mend: 'Raise `most` in the drill, or the connection limit of the user, role or database. Nothing was left behind.',
    });
  }

  #complain(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { host, plan } = this.#parts;
    host.log.debug(
      { target: plan.target, error: messageOf(error) },
      `trouble with a session of ${plan.kind}`,
    );
  }

  async #lift(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#lease?.[Symbol.asyncDispose](), this.#pressing]);
    const all = [...this.#sessions, this.#observer];
    await Promise.all(all.map((session) => session[Symbol.asyncDispose]()));
  }
}
