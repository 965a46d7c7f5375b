import { AndonError, messageOf } from '../../kit/errors.ts';
import type { AnswerCounts } from '../../kit/release-router.ts';
import { createSnapshot } from '../snapshots/create.ts';
import { pinOf, type Release } from './release.ts';
import type { ReleaseEvent } from './release-store.ts';
import { type ReleaseWorld, routerOf, setOf } from './release-world.ts';
import { enters, type Next, stays } from './transitions.ts';

/** A cold start of a version on a busy computer, and some patience. */
const servesWithinMs = 120_000;

/** Takes the snapshots. Nothing has been released by then, so whatever goes wrong ends the release. */
export async function prepare(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const { clock } = world;
  const { version, sets } = release;
  try {
    const snapshots: Release['snapshots'] = [];
    for (const name of sets) {
      const options = { clock, note: `before release ${version}`, pin: pinOf(release), signal };
      const { id } = await createSnapshot(setOf(world, name), options);
      snapshots.push({ set: name, id });
    }
    const events = snapshots.map((data): ReleaseEvent => ({ event: 'release.snapshot', data }));
    return enters(release, 'deploying', clock.now(), { reason: 'the version starts', snapshots, events });
  } catch (error) {
    signal.throwIfAborted();
    const mend = error instanceof AndonError && error.mend !== undefined ? ` ${error.mend}` : '';
    return fails(release, `the snapshot before it could not be taken: ${messageOf(error)}.${mend}`, world);
  }
}

/** Asks the router for the version and waits until callers get it. The same wish twice is one wish. */
export async function deploy(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const { clock } = world;
  const { version, holder, share } = release;
  const router = routerOf(world, release.target);
  const { candidate, lastCandidate, stable } = await router.state(signal);
  if (lastCandidate?.holder === holder)
    return fails(release, `the version ended before it served (${lastCandidate.by})`, world);
  if (candidate?.holder === holder) {
    if (candidate.state === 'serving') return begins(release, stable.requests, world);
    if (clock.now() - release.since < servesWithinMs) return stays(release);
    await router.withdraw(holder, { by: 'release' }, signal);
    return fails(release, `the version did not serve within ${servesWithinMs / 1000} s`, world);
  }
  const answer = await router.deploy({ version, holder, share }, signal);
  return answer.ok ? stays(release) : fails(release, `the router refuses: ${answer.message}`, world);
}

function begins(
  release: Release,
  baseline: AnswerCounts | undefined,
  { clock }: Pick<ReleaseWorld, 'clock'>,
): Next {
  const { share, watchMs, minSamples, actor } = release;
  return enters(release, 'canary', clock.now(), {
    reason: 'on trial',
    canaryAt: clock.now(),
    baseline: baseline ?? null,
    events: [{ event: 'release.canary', data: { share, watchMs, minSamples, actor } }],
  });
}

const fails = (release: Release, reason: string, { clock }: Pick<ReleaseWorld, 'clock'>): Next =>
  enters(release, 'failed', clock.now(), { reason, events: [{ event: 'release.failed', data: { reason } }] });
