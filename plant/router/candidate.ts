import type { Clock } from '../../kit/clock.ts';
import type { SparseLog } from '../sparse-log.ts';
import { ServedVersion } from './served-version.ts';

/** A version to be tried: for which share of the callers, by whom, and for how long. */
export interface CandidateWish {
  version: string;
  /** Who asks; only one holder has a candidate at a time. */
  holder: string;
  /** The share of the callers, above 0 and up to 1. */
  share: number;
  /** The share of the operations that it fails on purpose: 0 for a good one. */
  fails: number;
  /** It is withdrawn when it is not asked for again within this time; without it, it stays. */
  leaseMs?: number | undefined;
  /** Only prolong: a candidate that was withdrawn meanwhile is not started again. */
  renew?: boolean | undefined;
}

/** The process of a version; disposing ends it. */
export interface VersionProcess extends AsyncDisposable {
  readonly url: string;
  /** Resolves when it has ended, asked or not. */
  readonly exited: Promise<void>;
}

/** Starts a version and returns when it serves; rejects, with nothing left running, when it does not or the signal is aborted. */
export type StartVersion = (
  wish: Pick<CandidateWish, 'version' | 'fails'>,
  signal: AbortSignal,
) => Promise<VersionProcess>;

/** What is on its way to a version that goes gets this long: far longer than an operation takes where nothing is locked. */
const drainMs = 1500;

/** A version on trial, from the wish for it until it goes or is promoted. */
export class Candidate {
  readonly version: string;
  readonly holder: string;
  readonly fails: number;
  share: number;
  /** Undefined for one that stays until somebody decides. */
  expiresAt: number | undefined;
  /** There once it serves. */
  served: ServedVersion | undefined;
  /** Resolves when it is over by itself: `lease`, `crash` or `start-failed`. */
  readonly over: Promise<string>;
  /** It is over. */
  hasEnded = false;
  readonly #isOver: (by: string) => void;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #starting: Promise<VersionProcess | undefined>;
  #timer: NodeJS.Timeout | undefined;

  constructor(wish: CandidateWish, start: StartVersion, clock: Clock, log: SparseLog) {
    this.version = wish.version;
    this.holder = wish.holder;
    this.fails = wish.fails;
    this.share = wish.share;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.over = promise;
    void promise.then(() => {
      this.hasEnded = true;
    });
    this.#isOver = resolve;
    this.prolong(wish.leaseMs);
    this.#starting = start(wish, this.#stop.signal).then(
      (process) => this.#serve(process),
      (error: unknown) => {
        if (!this.#stop.signal.aborted) log.failure(`version ${wish.version} does not start`, error);
        resolve('start-failed');
        return undefined;
      },
    );
  }

  /** Returns when it serves, or it is over. */
  async settled(): Promise<void> {
    await this.#starting;
  }

  /** Its time counts from now again. */
  prolong(leaseMs: number | undefined): void {
    clearTimeout(this.#timer);
    this.expiresAt = leaseMs === undefined ? undefined : this.#clock.now() + leaseMs;
    if (leaseMs !== undefined) this.#timer = setTimeout(() => this.#isOver('lease'), leaseMs);
  }

  /** Nobody is sent there any more: lets what is on its way finish, hands it to `atLast`, and returns when its process has ended. */
  async leave(atLast: (served: ServedVersion) => Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort(new Error(`version ${this.version} is withdrawn`));
    const process = await this.#starting;
    if (process === undefined) return;
    if (this.served) {
      await this.served.idle(drainMs);
      await atLast(this.served);
    }
    await process[Symbol.asyncDispose]();
  }

  #serve(process: VersionProcess): VersionProcess {
    this.served = new ServedVersion(this.version, process.url);
    void process.exited.then(() => this.#isOver('crash'));
    return process;
  }
}
