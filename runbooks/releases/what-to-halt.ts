import { z } from 'zod';
import type { Clock } from '../../kit/clock.ts';
import { duration, promDuration } from '../../kit/duration.ts';
import type { ReleaseState } from '../../kit/release-router.ts';

/** Which versions count as the reason for trouble besides one on trial. */
export const haltLimits = {
  /** A version that was promoted longer ago than this is not gone back from: the trouble has another reason. */
  promoted_within: duration.prefault('30m'),
  /** So many operations a promoted version must have failed by itself (500) before it counts as the reason. */
  min_failures: z.int().min(1).default(5),
};
export type HaltLimits = z.output<z.ZodObject<typeof haltLimits>>;

/** What is taken away from everybody: a candidate, the stable version, or what an earlier attempt of this operation took already. */
export type Halt =
  | { act: 'withdraw' | 'done'; version: string; holder: string }
  | { act: 'rollback'; version: string; holder?: undefined };

/** What is taken away, or why nothing is. Pure. */
export function whatToHalt(
  { candidate, stable, before, lastCandidate }: ReleaseState,
  { promoted_within, min_failures }: HaltLimits,
  { operation, clock }: { operation?: string | undefined; clock: Pick<Clock, 'now'> },
): { halt: Halt; reason?: undefined } | { halt?: undefined; reason: string } {
  if (operation !== undefined && lastCandidate?.operation === operation)
    return { halt: { act: 'done', version: lastCandidate.version, holder: lastCandidate.holder } };
  if (candidate) return { halt: { act: 'withdraw', version: candidate.version, holder: candidate.holder } };
  const { version, promotedAt, requests } = stable;
  const promotedMs = Date.parse(promotedAt ?? '');
  if (!before || Number.isNaN(promotedMs))
    return { reason: `no version is on trial, and ${version} is the last one known to be good` };
  const ago = clock.now() - promotedMs;
  const since = `no version is on trial, and ${version} was promoted ${promDuration(Math.max(0, ago - (ago % 1000)))} ago`;
  if (ago > promoted_within) return { reason: `${since}: not within ${promDuration(promoted_within)}` };
  const failed = requests?.['500'] ?? 0;
  if (failed < min_failures)
    return { reason: `${since}, but has failed only ${failed} operations by itself: it is not the reason` };
  return { halt: { act: 'rollback', version } };
}
