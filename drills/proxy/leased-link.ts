import type { Clock } from '../../kit/clock.ts';
import type { Disturbance } from '../network/driver.ts';
import { isMeant, ownerOf } from '../network/holder.ts';

/** A link that can be disturbed by several holders at a time. `D` is what can be wrong with it. */
export interface DisturbableLink<D> extends AsyncDisposable {
  /** Puts a holder's disturbance in, or changes it; null takes it out, and the count goes on. */
  disturb(holder: string, disturbance: D | null): void;
  /** Ends what this holder does, and forgets the count. */
  heal(holder: string): void;
  /** Connections that this holder's disturbances have hit. */
  touched(holder: string): number;
}

/** A wish to disturb a link. */
export interface HoldRequest<D = Disturbance> {
  /** Who asks: `RUN~WHAT`. One run disturbs a link at a time, in as many ways as it has holders. */
  holder: string;
  disturbance: D | null;
  /** It ends by itself when it is not asked for again within this time. */
  leaseMs: number;
}

/** A sign of life, and another disturbance where the holder wants one. What has ended meanwhile is not made again. */
export type RenewRequest<D = Disturbance> = Omit<HoldRequest<D>, 'disturbance'> & {
  disturbance?: D | null | undefined;
};

/** A disturbance that is in; null between two turns of a flapping link. */
export interface Held<D = Disturbance> {
  holder: string;
  disturbance: D | null;
  expiresAt: number;
}

/** How a hold ended: `lease` by itself, `holder` by its maker, else by whoever says so. */
export interface EndedHold {
  holder: string;
  by: string;
  at: number;
}

export type HoldRefusal = 'link.held' | 'link.hold-gone';
export type HoldAnswer =
  | { ok: true; touched: number }
  | { ok: false; code: HoldRefusal; message: string; endedBy?: string | undefined };

/** How many ended holds a link remembers: more than one run has faults. */
const remembered = 32;

/** A link whose disturbances are leases: whatever becomes of the holders, the link heals. */
export class LeasedLink<L extends DisturbableLink<D>, D = Disturbance> implements AsyncDisposable {
  readonly name: string;
  readonly link: L;
  readonly #clock: Clock;
  readonly #holds = new Map<string, { held: Held<D>; timer: NodeJS.Timeout }>();
  #ended: EndedHold[] = [];

  constructor(name: string, link: L, clock: Clock) {
    this.name = name;
    this.link = link;
    this.#clock = clock;
  }

  get holds(): Held<D>[] {
    return [...this.#holds.values()].map(({ held }) => held);
  }

  get lastEnded(): EndedHold | null {
    return this.#ended.at(-1) ?? null;
  }

  /** Disturbs the link in the name of a holder who holds nothing yet. */
  hold({ holder, disturbance, leaseMs }: HoldRequest<D>): HoldAnswer {
    const other = this.holds.find(
      (held) => held.holder === holder || ownerOf(held.holder) !== ownerOf(holder),
    );
    if (other) {
      const message = `link ${this.name} is held by ${other.holder} already`;
      return { ok: false, code: 'link.held', message };
    }
    this.link.disturb(holder, disturbance);
    return this.#lease(holder, disturbance, leaseMs);
  }

  /** Prolongs a holder's own disturbance, and changes it where another one is asked for. */
  renew({ holder, disturbance, leaseMs }: RenewRequest<D>): HoldAnswer {
    const current = this.#holds.get(holder);
    if (!current) {
      const message = `${holder} holds link ${this.name} no more`;
      const endedBy = this.#ended.findLast((ended) => ended.holder === holder)?.by;
      return { ok: false, code: 'link.hold-gone', message, endedBy };
    }
    clearTimeout(current.timer);
    if (disturbance !== undefined) this.link.disturb(holder, disturbance);
    return this.#lease(holder, disturbance === undefined ? current.held.disturbance : disturbance, leaseMs);
  }

  /** Ends what this holder does (a run's name means all it does, and no name everybody). */
  release(name: string | undefined, by: string): void {
    for (const holder of this.#holds.keys())
      if (name === undefined || isMeant(holder, name)) this.#end(holder, by);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { timer } of this.#holds.values()) clearTimeout(timer);
    await this.link[Symbol.asyncDispose]();
  }

  #lease(holder: string, disturbance: D | null, leaseMs: number): HoldAnswer {
    this.#holds.set(holder, {
      held: { holder, disturbance, expiresAt: this.#clock.now() + leaseMs },
      timer: setTimeout(() => this.#end(holder, 'lease'), leaseMs),
    });
    return { ok: true, touched: this.link.touched(holder) };
  }

  #end(holder: string, by: string): void {
    clearTimeout(this.#holds.get(holder)?.timer);
    this.#holds.delete(holder);
    this.#ended = [...this.#ended, { holder, by, at: this.#clock.now() }].slice(-remembered);
    this.link.heal(holder);
  }
}
