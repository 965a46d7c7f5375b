import type { Clock } from '../../kit/clock.ts';
import type { CutMode, TcpLink } from './tcp-link.ts';

/** A wish to cut a link, or to keep it cut. */
export interface CutRequest {
  mode: CutMode;
  /** Who asks; only one holder cuts a link at a time. */
  holder: string;
  /** The cut ends by itself when it is not asked for again within this time. */
  leaseMs: number;
  /** Only prolong: a cut that has ended meanwhile is not made again. */
  renew?: boolean | undefined;
}

/** A cut that is in. */
export interface HeldCut {
  mode: CutMode;
  holder: string;
  expiresAt: number;
}

/** How the last cut of a link ended: `lease` by itself, `holder` by its maker, else by whoever says so. */
export interface EndedCut {
  holder: string;
  by: string;
  at: number;
}

export type CutAnswer =
  | { ok: true; connections: number }
  | { ok: false; code: 'link.held' | 'link.cut-gone'; message: string; endedBy?: string | undefined };

/** A link whose cuts are leases: whatever becomes of the holder, the link heals. */
export class LeasedLink implements AsyncDisposable {
  readonly name: string;
  readonly link: TcpLink;
  readonly #clock: Clock;
  #held: HeldCut | null = null;
  #ended: EndedCut | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, link: TcpLink, clock: Clock) {
    this.name = name;
    this.link = link;
    this.#clock = clock;
  }

  get held(): HeldCut | null {
    return this.#held;
  }

  get ended(): EndedCut | null {
    return this.#ended;
  }

  /** Cuts the link or renews the holder's own cut. */
  cut({ mode, holder, leaseMs, renew }: CutRequest): CutAnswer {
    if (this.#held && this.#held.holder !== holder)
      return refusal('link.held', `link ${this.name} is cut by ${this.#held.holder} already`);
    if (renew && !this.#held) {
      const endedBy = this.#ended?.holder === holder ? this.#ended.by : undefined;
      return refusal('link.cut-gone', `${holder} holds no cut of link ${this.name} any more`, endedBy);
    }
    if (this.#held?.mode !== mode) this.link.cut(mode);
    this.#held = { mode, holder, expiresAt: this.#clock.now() + leaseMs };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end('lease'), leaseMs);
    return { ok: true, connections: this.link.touched };
  }

  /** Heals the link, if it is cut by this holder (by anybody, when none is named). */
  restore(holder: string | undefined, by: string | undefined): void {
    if (!this.#held || (holder !== undefined && holder !== this.#held.holder)) return;
    this.#end(by ?? (holder === undefined ? 'others' : 'holder'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    await this.link[Symbol.asyncDispose]();
  }

  #end(by: string): void {
    if (!this.#held) return;
    clearTimeout(this.#timer);
    this.#ended = { holder: this.#held.holder, by, at: this.#clock.now() };
    this.#held = null;
    this.link.heal();
  }
}

function refusal(
  code: 'link.held' | 'link.cut-gone',
  message: string,
  endedBy?: string | undefined,
): CutAnswer {
  return { ok: false, code, message, endedBy };
}
