import { z } from 'zod';
import { comparison } from '../../kit/comparison.ts';
import { duration } from '../../kit/duration.ts';

/** `10%` or `0.1`: a share of the callers, above 0 and up to 1. */
export function parseShare(text: string): number | undefined {
  const match = /^(?<number>\d+(?:\.\d+)?)(?<percent>\s*%)?$/.exec(text.trim());
  if (!match?.groups) return undefined;
  const share = Number(match.groups.number) / (match.groups.percent === undefined ? 1 : 100);
  return share > 0 && share <= 1 ? share : undefined;
}

const share = z.union([z.string(), z.number()]).transform((written, context) => {
  const parsed = parseShare(String(written));
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${written}" is no share of the callers; write 10% or 0.1` });
  return z.NEVER;
});

/** What else must be true of a version on trial, as far as Prometheus knows. */
const releaseCondition = z.strictObject({
  name: z.string().min(1),
  promql: z.string().min(1),
  expect: comparison,
  /** It must be false for so long without a break: one bad sample is no breach. */
  for: duration.prefault('1m'),
});
export type ReleaseCondition = z.output<typeof releaseCondition>;

/** `runbooks.releases:` in andon.yaml. */
export const releasesSection = z.strictObject({
  /** The `release` target whose router serves the versions. */
  target: z.string().min(1),
  /** Snapshot sets that are taken before a release, and gone back to with it. */
  snapshots: z.array(z.string().min(1)).default([]),
  /** The share of the callers that get a version on trial. */
  share: share.prefault('10%'),
  /** How long a version is on trial. */
  watch: duration.prefault('24h'),
  /** Fewer requests than this are no reason to promote. */
  min_samples: z.int().min(20, 'must be at least 20: fewer say nothing').default(200),
  /** A version that fails no more than this is good enough, however good the stable one is. */
  max_failure_ratio: z.number().min(0).lt(1).default(0.01),
  /** After the trial, how long to go on waiting for enough requests before a person is asked. */
  give_up_after: duration.prefault('72h'),
  /** Whether a good version is promoted without asking. A bad one is always withdrawn without asking. */
  promote: z.enum(['auto', 'by-hand']).default('auto'),
  conditions: z.array(releaseCondition).default([]),
});
export type ReleasesConfig = z.output<typeof releasesSection>;
