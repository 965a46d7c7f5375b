import { type Clock, isoTime } from '../../kit/clock.ts';
import { type LeaseAnswer, refusal } from '../lease-refusal.ts';
import type { SparseLog } from '../sparse-log.ts';
import { placeOf } from './caller-identity.ts';
import { Candidate, type CandidateWish, type StartVersion } from './candidate.ts';
import { type AnswerCounts, ServedVersion } from './served-version.ts';

/** How the last candidate went: `lease`, `crash` or `start-failed` by itself, `holder` by its maker, else by whoever says so. */
interface EndedCandidate {
  version: string;
  holder: string;
  by: string;
  /** What whoever ended it calls the act, so that he recognises it after a crash of his own. */
  operation: string | null;
  at: number;
  requests: AnswerCounts | null;
}

/** Who ends a version, and as what. */
export interface EndingAct {
  by: string;
  operation?: string | undefined;
}

type ReleaseAnswer = LeaseAnswer<
  'release.held' | 'release.gone' | 'release.other' | 'release.not-ready' | 'release.leased' | 'release.first'
>;

export interface ReleaseParts {
  /** The version that runs already. */
  stable: { version: string; url: string };
  start: StartVersion;
  clock: Clock;
  log: SparseLog;
  /** Called with a version that goes, when nothing is on its way there any more and it still answers. */
  onLeave(served: ServedVersion): Promise<void>;
}

/** Which versions of the MES there are, and which caller gets which. */
export class Releases implements AsyncDisposable {
  readonly #parts: ReleaseParts;
  readonly #base: ServedVersion;
  #promoted: Candidate | undefined;
  #promotedAt: number | undefined;
  /** The one that was promoted before; it keeps running, so that going back takes no start. */
  #former: Candidate | undefined;
  #candidate: Candidate | undefined;
  #ended: EndedCandidate | undefined;
  readonly #leaving = new Map<Candidate, Promise<void>>();

  constructor(parts: ReleaseParts) {
    this.#parts = parts;
    this.#base = new ServedVersion(parts.stable.version, parts.stable.url);
  }

  /** The version that everybody gets who gets no other. */
  get stable(): ServedVersion {
    return this.#promoted?.served ?? this.#base;
  }

  /** Every version whose process is there and has served, the stable one first. */
  get running(): ServedVersion[] {
    const tried = [this.#promoted, this.#former, this.#candidate, ...this.#leaving.keys()];
    const others = tried.flatMap((candidate) => candidate?.served ?? []);
    return [...new Set([this.stable, this.#base, ...others])];
  }

  /** The version for a caller. */
  versionFor(identity: string): ServedVersion {
    const candidate = this.#candidate;
    if (!candidate?.served) return this.stable;
    const gets = candidate.share >= 1 || placeOf(identity, candidate.version) < candidate.share;
    return gets ? candidate.served : this.stable;
  }

  /** Starts a candidate, or prolongs the holder's own and sets its share. It gets requests as soon as it serves. */
  deploy(wish: CandidateWish): ReleaseAnswer {
    const { version, holder, share, fails, leaseMs, renew } = wish;
    const candidate = this.#candidate;
    if (candidate && candidate.holder !== holder)
      return refusal(
        'release.held',
        `version ${candidate.version} of ${candidate.holder} is on trial already`,
      );
    if (!candidate && renew) {
      const endedBy = this.#ended?.holder === holder ? this.#ended.by : undefined;
      return refusal('release.gone', `${holder} has no version on trial any more`, endedBy);
    }
    if (!candidate) this.#begin(wish);
    else if (candidate.version !== version || candidate.fails !== fails)
      return refusal(
        'release.other',
        `${holder} has version ${candidate.version} on trial: withdraw it first`,
      );
    else {
      candidate.share = share;
      candidate.prolong(leaseMs);
    }
    return { ok: true };
  }

  /** Sends everybody to the stable version at once, and returns when the candidate's process has ended. Of this holder, or of anybody. */
  async withdraw(holder: string | undefined, act: EndingAct): Promise<void> {
    const candidate = this.#candidate;
    if (candidate && (holder === undefined || candidate.holder === holder)) this.#end(candidate, act);
    await Promise.all(this.#leaving.values());
  }

  /**
   * Makes the candidate the stable version. The one before keeps running, to go back to; the one that was there first also keeps the
   * duties in the background, and steps in when the others die.
   */
  promote(holder: string): ReleaseAnswer {
    const candidate = this.#candidate;
    if (candidate?.holder !== holder) return refusal('release.gone', `${holder} has no version on trial`);
    if (!candidate.served)
      return refusal('release.not-ready', `version ${candidate.version} does not serve yet`);
    if (candidate.expiresAt !== undefined)
      return refusal('release.leased', `version ${candidate.version} is there for a limited time only`);
    const oldest = this.#former;
    this.#candidate = undefined;
    this.#former = this.#promoted;
    this.#promoted = candidate;
    this.#promotedAt = this.#parts.clock.now();
    this.#note(candidate, { by: 'promoted' });
    if (oldest) this.#retire(oldest);
    return { ok: true };
  }

  /**
   * Sends everybody from a promoted version to the one before it at once, and returns when its process has ended. `from` says which
   * version the asker means: asked again, it does not go back once more.
   */
  async rollback(from: string, act: EndingAct): Promise<ReleaseAnswer> {
    const bad = this.#promoted;
    if (this.stable.version !== from)
      return refusal('release.other', `the stable version is ${this.stable.version}, not ${from}`);
    if (!bad) return refusal('release.first', `there is no version before ${from}`);
    this.#note(bad, act);
    this.#retire(bad);
    await Promise.all(this.#leaving.values());
    return { ok: true };
  }

  describe(): object {
    const { stable, ended } = { stable: this.stable, ended: this.#ended };
    const before = this.#promoted ? (this.#former?.version ?? this.#base.version) : undefined;
    const candidate = this.#candidate;
    return {
      stable: {
        version: stable.version,
        url: stable.url,
        promotedAt: this.#promotedAt === undefined ? null : isoTime(this.#promotedAt),
        requests: stable.counts,
      },
      before: before === undefined ? null : { version: before },
      candidate: candidate
        ? {
            version: candidate.version,
            url: candidate.served?.url ?? null,
            state: candidate.served ? 'serving' : 'starting',
            share: candidate.share,
            fails: candidate.fails,
            holder: candidate.holder,
            expiresAt: candidate.expiresAt === undefined ? null : isoTime(candidate.expiresAt),
            requests: candidate.served?.counts ?? null,
          }
        : null,
      leaving: [...this.#leaving.keys()].map(({ version, holder }) => ({ version, holder })),
      lastCandidate: ended ? { ...ended, at: isoTime(ended.at) } : null,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#candidate) this.#end(this.#candidate, { by: 'router' });
    for (const other of [this.#former, this.#promoted]) if (other) this.#retire(other);
    await Promise.all(this.#leaving.values());
  }

  #begin(wish: CandidateWish): void {
    const { start, clock, log } = this.#parts;
    const candidate = new Candidate(wish, start, clock, log);
    this.#candidate = candidate;
    void candidate.over.then((by) => {
      if (this.#candidate === candidate) this.#end(candidate, { by });
      else if (this.#promoted === candidate) {
        this.#note(candidate, { by });
        this.#retire(candidate);
      } else if (this.#former === candidate) this.#retire(candidate);
    });
  }

  #end(candidate: Candidate, act: EndingAct): void {
    this.#candidate = undefined;
    this.#note(candidate, act);
    this.#retire(candidate);
  }

  #note({ version, holder, served }: Candidate, { by, operation }: EndingAct): void {
    // The very object that still counts: what is on its way is answered after this.
    this.#ended = {
      version,
      holder,
      by,
      operation: operation ?? null,
      at: this.#parts.clock.now(),
      requests: served?.counts ?? null,
    };
  }

  #retire(candidate: Candidate): void {
    if (this.#former === candidate) this.#former = undefined;
    if (this.#promoted === candidate) {
      this.#promoted = this.#former;
      this.#former = undefined;
      this.#promotedAt = undefined;
    }
    const leaving = candidate
      .leave(this.#parts.onLeave)
      .catch((error: unknown) => this.#parts.log.failure(`version ${candidate.version} does not end`, error))
      .finally(() => this.#leaving.delete(candidate));
    this.#leaving.set(candidate, leaving);
  }
}
