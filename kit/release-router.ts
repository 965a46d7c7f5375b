import { z } from 'zod';
import { type ControlAnswer, ControlClient } from './control-client.ts';
import type { TargetOf } from './targets.ts';

/** A version that goes finishes what it does first, and then its process ends. */
const withdrawMs = 8000;

/** How a version has answered requests for changes; `500`, which is part of `5xx`, counts what it has failed by itself. */
const answers = z.object({
  '500': z.int(),
  '2xx': z.int().default(0),
  '3xx': z.int().default(0),
  '4xx': z.int().default(0),
  '5xx': z.int().default(0),
  none: z.int().default(0),
});
export type AnswerCounts = z.infer<typeof answers>;
const counts = answers.nullable();

const releaseSchema = z.object({
  stable: z.object({
    version: z.string(),
    /** When it took the place of another one; null for the one that was there first, or came back. */
    promotedAt: z.iso.datetime().nullish(),
    requests: answers.optional(),
  }),
  /** Where a rollback of the stable version would lead; null when there is nothing before it. */
  before: z.object({ version: z.string() }).nullish(),
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
    .object({
      version: z.string(),
      holder: z.string(),
      by: z.string(),
      operation: z.string().nullish(),
      requests: counts,
    })
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

/** Who ends a version, and what he calls the act: the router says both of the version that ended. */
export interface EndingAct {
  by: string;
  operation?: string;
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

  /** Makes the holder's candidate the stable version. Refused where it is gone, does not serve yet, or is leased. */
  promote(holder: string, signal?: AbortSignal): Promise<ControlAnswer> {
    return this.#control.ask({ method: 'POST', path: '/release/promote', body: { holder }, signal });
  }

  /** Sends everybody from this promoted version to the one before, and returns when its process has ended. */
  rollback(from: string, act: EndingAct, signal?: AbortSignal): Promise<ControlAnswer> {
    const call = { path: '/release/rollback', body: { from, ...act }, limitMs: withdrawMs, signal };
    return this.#control.ask({ method: 'POST', ...call });
  }

  /** Returns when the version has gone, with what is there then. Anybody's, where no holder is named. */
  async withdraw(holder: string | undefined, act: EndingAct, signal?: AbortSignal): Promise<ReleaseState> {
    const query = { ...(holder === undefined ? {} : { holder }), ...act };
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
