import { isoTime } from '../../kit/clock.ts';
import type { Candidate } from './candidate.ts';
import type { ServedVersion } from './served-version.ts';
import type { Standing } from './standing.ts';

/** Which versions there are at this moment. */
interface Shown {
  stable: ServedVersion;
  /** Where a rollback would lead. */
  before: string | undefined;
  candidate: Candidate | undefined;
  leaving: Iterable<Candidate>;
}

/** What `GET /release` answers. */
export function describeReleases(
  { promotedAt, ended }: Standing,
  { stable, before, candidate, leaving }: Shown,
): object {
  return {
    stable: {
      version: stable.version,
      url: stable.url,
      promotedAt: promotedAt === undefined ? null : isoTime(promotedAt),
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
    leaving: [...leaving].map(({ version, holder }) => ({ version, holder })),
    lastCandidate: ended ? { ...ended, at: isoTime(ended.at) } : null,
  };
}
