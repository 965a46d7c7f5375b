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
  at: number;
  requests: AnswerCounts | null;
}

type ReleaseAnswer = LeaseAnswer<
  'release.held' | 'release.gone' | 'release.other' | 'release.not-ready' | 'release.leased'
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
    const tried = [this.#promoted, this.#candidate, ...this.#leaving.keys()];
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
  async withdraw(holder: string | undefined, by: string): Promise<void> {
    const candidate = this.#candidate;
    if (candidate && (holder === undefined || candidate.holder === holder)) this.#end(candidate, by);
    await Promise.all(this.#leaving.values());
  }

  /** Makes the candidate the stable version. The one that was there first keeps the duties in the background, and steps in when it dies. */
  promote(holder: string): ReleaseAnswer {
    const candidate = this.#candidate;
    if (candidate?.holder !== holder) return refusal('release.gone', `${holder} has no version on trial`);
    if (!candidate.served)
      return refusal('release.not-ready', `version ${candidate.version} does not serve yet`);
    if (candidate.expiresAt !== undefined)
      return refusal('release.leased', `version ${candidate.version} is there for a limited time only`);
    const former = this.#promoted;
    this.#candidate = undefined;
    this.#promoted = candidate;
    this.#note(candidate, 'promoted');
    if (former) this.#retire(former);
    return { ok: true };
  }

  describe(): object {
    const { stable, ended } = { stable: this.stable, ended: this.#ended };
    const candidate = this.#candidate;
    return {
      stable: { version: stable.version, url: stable.url, requests: stable.counts },
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
    if (this.#candidate) this.#end(this.#candidate, 'router');
    if (this.#promoted) this.#retire(this.#promoted);
    await Promise.all(this.#leaving.values());
  }

  #begin(wish: CandidateWish): void {
    const { start, clock, log } = this.#parts;
    const candidate = new Candidate(wish, start, clock, log);
    this.#candidate = candidate;
    void candidate.over.then((by) => {
      if (this.#candidate === candidate) this.#end(candidate, by);
      else if (this.#promoted === candidate) this.#retire(candidate);
    });
  }

  #end(candidate: Candidate, by: string): void {
    this.#candidate = undefined;
    this.#note(candidate, by);
    this.#retire(candidate);
  }

  #note({ version, holder, served }: Candidate, by: string): void {
    // The very object that still counts: what is on its way is answered after this.
    this.#ended = { version, holder, by, at: this.#parts.clock.now(), requests: served?.counts ?? null };
  }

  #retire(candidate: Candidate): void {
    if (this.#promoted === candidate) this.#promoted = undefined;
    const leaving = candidate
      .leave(this.#parts.onLeave)
      .catch((error: unknown) => this.#parts.log.failure(`version ${candidate.version} does not end`, error))
      .finally(() => this.#leaving.delete(candidate));
    this.#leaving.set(candidate, leaving);
  }
}
