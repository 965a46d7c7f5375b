import type { Clock } from '../../kit/clock.ts';
import { type LeaseAnswer, refusal } from '../lease-refusal.ts';
import type { SparseLog } from '../sparse-log.ts';
import { placeOf } from './caller-identity.ts';
import { Candidate, type CandidateWish, type StartVersion } from './candidate.ts';
import { describeReleases } from './describe-releases.ts';
import { type KeptReleases, keptOf, type ReleaseFile } from './kept-releases.ts';
import { ServedVersion } from './served-version.ts';
import type { EndedCandidate, Standing } from './standing.ts';

/** Who ends a version, and as what. */
export interface EndingAct {
  by: string;
  operation?: string | undefined;
}

type ReleaseAnswer = LeaseAnswer<
  'release.held' | 'release.gone' | 'release.other' | 'release.not-ready' | 'release.leased' | 'release.first'
>;

type Ending = Pick<Candidate, 'version' | 'holder'> & Partial<Pick<Candidate, 'served'>>;

export interface ReleaseParts {
  /** The version that runs already. */
  stable: { version: string; url: string };
  start: StartVersion;
  clock: Clock;
  log: SparseLog;
  file: ReleaseFile;
  /** Called with a version that goes, when nothing is on its way there any more and it still answers. */
  onLeave(served: ServedVersion): Promise<void>;
}

/** Which versions of the MES there are, and which caller gets which. */
export class Releases implements AsyncDisposable {
  readonly #parts: ReleaseParts;
  readonly #base: ServedVersion;
  #standing: Standing = {};
  #candidate: Candidate | undefined;
  /** The router ends, and all versions with it: the next one starts them again. */
  #isEnding = false;
  readonly #leaving = new Map<Candidate, Promise<void>>();

  constructor(parts: ReleaseParts) {
    this.#parts = parts;
    this.#base = new ServedVersion(parts.stable.version, parts.stable.url);
  }

  /** Starts again what was promoted before a restart. Where it does not start, everybody gets the one before it. */
  async restore({ promoted, former, ended }: KeptReleases): Promise<void> {
    const started = [promoted, former].map((kept) => kept && this.#watched({ ...kept, share: 1 }));
    await Promise.all(started.map((candidate) => candidate?.settled()));
    // One of them may have died while the other one was still starting.
    const [newest, before] = started.map((candidate) =>
      candidate?.hasEnded === false ? candidate : undefined,
    );
    this.#standing = { promoted: before, ended: ended ? { ...ended, requests: null } : undefined };
    if (newest)
      Object.assign(this.#standing, {
        promoted: newest,
        promotedAt: promoted?.at ?? undefined,
        former: before,
      });
    else if (promoted) {
      const { version, holder } = promoted;
      this.#standing.ended = this.#endOf({ version, holder }, { by: 'start-failed' });
      this.#keep();
      const reason = new Error(`everybody gets version ${this.stable.version} instead`);
      this.#parts.log.failure(
        `version ${promoted.version}, which was promoted, does not start again`,
        reason,
      );
    }
  }

  /** Nothing is kept from here on. */
  end(): void {
    this.#isEnding = true;
  }

  /** The version that everybody gets who gets no other. */
  get stable(): ServedVersion {
    return this.#standing.promoted?.served ?? this.#base;
  }

  /** Every version whose process is there and has served, the stable one first. */
  get running(): ServedVersion[] {
    const { promoted, former } = this.#standing;
    const tried = [promoted, former, this.#candidate, ...this.#leaving.keys()];
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
      const { ended } = this.#standing;
      const endedBy = ended?.holder === holder ? ended.by : undefined;
      return refusal('release.gone', `${holder} has no version on trial any more`, endedBy);
    }
    if (!candidate) this.#candidate = this.#watched(wish);
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
    if (candidate && (holder === undefined || candidate.holder === holder)) this.#takeAway(candidate, act);
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
    const { promoted: former, former: oldest } = this.#standing;
    const ended = this.#endOf(candidate, { by: 'promoted' });
    const next = { promoted: candidate, promotedAt: ended.at, former, ended };
    // First: a version that a restart would take away again in silence is not promoted.
    this.#parts.file.write(keptOf(next));
    this.#candidate = undefined;
    this.#standing = next;
    if (oldest) this.#takeAway(oldest);
    return { ok: true };
  }

  /**
   * Sends everybody from a promoted version to the one before it at once, and returns when its process has ended. `from` says which
   * version the asker means: asked again, it does not go back once more.
   */
  async rollback(from: string, act: EndingAct): Promise<ReleaseAnswer> {
    const { promoted: bad } = this.#standing;
    if (this.stable.version !== from)
      return refusal('release.other', `the stable version is ${this.stable.version}, not ${from}`);
    if (!bad) return refusal('release.first', `there is no version before ${from}`);
    this.#takeAway(bad, act);
    await Promise.all(this.#leaving.values());
    return { ok: true };
  }

  describe(): object {
    const { promoted, former } = this.#standing;
    const before = promoted && (former?.version ?? this.#base.version);
    const shown = { stable: this.stable, before, candidate: this.#candidate, leaving: this.#leaving.keys() };
    return describeReleases(this.#standing, shown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    const { former, promoted } = this.#standing;
    if (this.#candidate) this.#takeAway(this.#candidate, { by: 'router' });
    for (const other of [former, promoted]) if (other) this.#takeAway(other);
    await Promise.all(this.#leaving.values());
  }

  #watched(wish: CandidateWish): Candidate {
    const { start, clock, log } = this.#parts;
    const candidate = new Candidate(wish, start, clock, log);
    void candidate.over.then((by) => {
      if (this.#candidate === candidate || this.#standing.promoted === candidate)
        this.#takeAway(candidate, { by });
      else if (this.#standing.former === candidate) this.#takeAway(candidate);
    });
    return candidate;
  }

  /** Nobody is sent there any more, at once; `act` says what is to be said of it. Its process ends in its own time. */
  #takeAway(candidate: Candidate, act?: EndingAct): void {
    const { promoted, former, ended } = this.#standing;
    if (this.#candidate === candidate) this.#candidate = undefined;
    const next = { ...this.#standing, ended: act ? this.#endOf(candidate, act) : ended };
    if (former === candidate) next.former = undefined;
    if (promoted === candidate)
      Object.assign(next, { promoted: former, promotedAt: undefined, former: undefined });
    this.#standing = next;
    this.#keep();
    const leaving = candidate
      .leave(this.#parts.onLeave)
      .catch((error: unknown) => this.#parts.log.failure(`version ${candidate.version} does not end`, error))
      .finally(() => this.#leaving.delete(candidate));
    this.#leaving.set(candidate, leaving);
  }

  #endOf({ version, holder, served }: Ending, { by, operation }: EndingAct): EndedCandidate {
    // The very object that still counts: what is on its way is answered after this.
    return {
      version,
      holder,
      by,
      operation: operation ?? null,
      at: this.#parts.clock.now(),
      requests: served?.counts ?? null,
    };
  }

  /** A full disk must keep no bad version where it is. */
  #keep(): void {
    const { file, log } = this.#parts;
    try {
      if (!this.#isEnding) file.write(keptOf(this.#standing));
    } catch (error) {
      log.failure(
        'which version was promoted is not kept, and a restart brings back what was kept last',
        error,
      );
    }
  }
}
