import { z } from 'zod';
import { type ControlAnswer, ControlClient } from './control-client.ts';
import type { TargetOf } from './targets.ts';

/** A version that goes finishes what it does first, and then its process ends. */
const withdrawMs = 8000;

/** How many requests for changes a version has failed by itself. */
const counts = z.object({ '500': z.int() }).nullable();

const releaseSchema = z.object({
  stable: z.object({ version: z.string() }),
  candidate: z
    .object({
      version: z.string(),
      state: z.enum(['starting', 'serving']).default('serving'),
      holder: z.string(),
      share: z.number(),
      expiresAt: z.string().nullable(),
      requests: counts,
    })
    .nullable(),
  /** Versions that get no requests any more and whose processes still end. */
  leaving: z.array(z.object({ version: z.string(), holder: z.string() })).default([]),
  lastCandidate: z
    .object({ version: z.string(), holder: z.string(), by: z.string(), requests: counts })
    .nullish(),
});

/** What a router says of the versions it knows. */
export type ReleaseState = z.infer<typeof releaseSchema>;

/** A version that somebody wants to be tried. */
export interface VersionWish {
  version: string;
  share: number;
  holder: string;
  /** The share of the operations that it fails on purpose; a version that is meant well has none. */
  fails?: number;
  /** It is withdrawn when it is not asked for again within this time; without it, it stays. */
  leaseMs?: number;
}

/** What a router of versions offers, as docs/drills/release.md describes it. */
export class RouterClient {
  readonly #control: ControlClient;

  constructor(target: TargetOf<'release'>, fetcher: typeof fetch) {
    this.#control = new ControlClient(target, fetcher);
  }

  async state(signal?: AbortSignal): Promise<ReleaseState> {
    return releaseSchema.parse(await this.#control.demand({ method: 'GET', path: '/release', signal }));
  }

  deploy(body: VersionWish & { renew?: boolean }, signal?: AbortSignal): Promise<ControlAnswer> {
    return this.#control.ask({ method: 'PUT', path: '/release/candidate', body, signal });
  }

  /** Returns when the version has gone, with what is there then. */
  async withdraw(holder: string, by: string, signal?: AbortSignal): Promise<ReleaseState> {
    const query = { holder, by };
    const call = {
      method: 'DELETE',
      path: '/release/candidate',
      query,
      limitMs: withdrawMs,
      signal,
    } as const;
    return releaseSchema.parse(await this.#control.demand(call));
  }
}

/** What an answer to a wish says of all versions. */
export const releaseIn = (body: unknown): ReleaseState => releaseSchema.parse(body);

/** The requests that this holder's version has failed by itself (500), while it is there and after. */
export function failuresOf({ candidate, lastCandidate }: ReleaseState, holder: string): number {
  const own = [candidate, lastCandidate].find((version) => version?.holder === holder)?.requests;
  return own?.['500'] ?? 0;
}

/** What is still there of a holder's version, in words. */
export function leftOf(name: string, { candidate, leaving }: ReleaseState, holder: string): string[] {
  const stays =
    candidate?.holder === holder ? [`${name} still gives version ${candidate.version} to callers`] : [];
  const goes = leaving.filter((version) => version.holder === holder);
  return [
    ...stays,
    ...goes.map(({ version }) => `the process of version ${version} of ${name} has not ended`),
  ];
}
