import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import type { Candidate } from './candidate.ts';
import type { EndedCandidate, Standing } from './standing.ts';

const version = z.object({ version: z.string(), holder: z.string(), fails: z.number() });

const kept = z.object({
  /** The version that everybody gets, where it is not the first one, and when it took its place. */
  promoted: version.extend({ at: z.number().nullable() }).nullable(),
  /** The one before it, where that is not the first one. */
  former: version.nullable(),
  /** How the last candidate went. */
  ended: version
    .omit({ fails: true })
    .extend({ by: z.string(), operation: z.string().nullable(), at: z.number() })
    .nullable(),
});

/** What of the releases outlives the router: whom people have given to everybody, and how the last candidate went. */
export type KeptReleases = z.output<typeof kept>;

export function keptOf({ promoted, promotedAt, former, ended }: Standing): KeptReleases {
  return {
    promoted: promoted ? { ...wordsOf(promoted), at: promotedAt ?? null } : null,
    former: former ? wordsOf(former) : null,
    ended: ended ? wordsOfEnd(ended) : null,
  };
}

const wordsOf = ({ version, holder, fails }: Candidate) => ({ version, holder, fails });
const wordsOfEnd = ({ version, holder, by, operation, at }: EndedCandidate) => ({
  ...{ version, holder, by, operation, at },
});

/** The releases on the disk. Without a file nothing is kept. */
export class ReleaseFile {
  readonly #file: string | undefined;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  /** Undefined where nothing was kept yet. Throws for a file that cannot be understood. */
  read(): KeptReleases | undefined {
    if (this.#file === undefined) return undefined;
    if (!existsSync(this.#file)) return undefined;
    return kept.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
  }

  /** On return it is on the disk. */
  write(releases: KeptReleases): void {
    if (this.#file !== undefined) writeFileAtomic(this.#file, `${JSON.stringify(releases)}\n`, 0o600);
  }
}
