import type { ReleaseState } from '../../kit/release-router.ts';
import { unpinSnapshot } from '../snapshots/pins.ts';
import { lookAtConditions } from './conditions.ts';
import { judge, leastSamples, tallyOf } from './judge.ts';
import { pinOf, type Release } from './release.ts';
import type { ReleaseEvent } from './release-store.ts';
import { type ReleaseWorld, routerOf, setOf } from './release-world.ts';
import { enters, type Next, needsPerson, stays } from './transitions.ts';

/** Looks at a version on trial, also while a person is asked: a breach withdraws it in either state. */
export async function observe(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const { config, clock } = world;
  const state = await routerOf(world, release.target).state(signal);
  if (isPromoted(state, release)) return becomesPromoted(release, 'promoted at the router', world);
  const gone = whyGone(state, release);
  const back = (reason: string, changes: Partial<Release> = {}) =>
    enters(release, 'rolling-back', clock.now(), { reason, ...changes });
  if (gone !== undefined) return back(gone);
  const candidate = tallyOf(state.candidate?.requests);
  const limits = { minSamples: release.minSamples, maxFailureRatio: config.max_failure_ratio };
  const verdict = judge(candidate, tallyOf(state.stable.requests, release.baseline), limits);
  if (verdict.verdict === 'worse') return back(verdict.reason, { seen: verdict.reason });
  const { falseSince, breached, open } = await lookAtConditions(release.falseSince, world, signal);
  // What is wrong while hardly anybody gets it is not its fault.
  if (breached !== undefined && candidate.total >= leastSamples) return back(breached, { falseSince });
  const seen = { seen: verdict.reason, falseSince };
  const unsettled = verdict.verdict === 'good' ? open : verdict.reason;
  return whatNow({ ...release, ...seen }, unsettled, world);
}

/** It is not breached: the trial goes on, or is over with or without a result. */
function whatNow(release: Release, unsettled: string | undefined, { config, clock }: ReleaseWorld): Next {
  const over = (release.canaryAt ?? 0) + release.watchMs;
  const now = clock.now();
  if (now < over) return stays(release);
  const ask = (reason: string) =>
    release.state === 'awaiting' && release.reason === reason
      ? stays(release)
      : enters(release, 'awaiting', now, { reason, events: [needsPerson(reason)] });
  if (unsettled === undefined)
    return config.promote === 'auto'
      ? enters(release, 'promoting', now, { reason: `the trial is over: ${release.seen}` })
      : ask('the trial is over and it did well; a person promotes it');
  if (now >= over + config.give_up_after && release.state !== 'awaiting')
    return ask('the trial gave no result in time; a person decides');
  return stays(release, release.state === 'awaiting' ? {} : { reason: `the trial goes on: ${unsettled}` });
}

/** Whoever sends everybody back from it at the router (a runbook) has its settings taken back as well. */
export async function observePromoted(
  release: Release,
  world: ReleaseWorld,
  signal: AbortSignal,
): Promise<Next> {
  const { stable, lastCandidate } = await routerOf(world, release.target).state(signal);
  if (stable.version === release.version || lastCandidate?.holder !== release.holder) return stays(release);
  const reason = `it had been promoted, and was taken back by ${lastCandidate.by}`;
  return enters(release, 'rolling-back', world.clock.now(), { reason });
}

/** Gives it to everybody. Where the router says that it is gone, it may be because it has been promoted. */
export async function promote(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const router = routerOf(world, release.target);
  const answer = await router.promote(release.holder, signal);
  if (answer.ok) return becomesPromoted(release, release.reason, world);
  const state = await router.state(signal);
  if (isPromoted(state, release)) return becomesPromoted(release, release.reason, world);
  const gone = whyGone(state, release);
  if (gone !== undefined) return enters(release, 'rolling-back', world.clock.now(), { reason: gone });
  return stays(release, { trouble: `the router refuses: ${answer.message}` });
}

function becomesPromoted(release: Release, reason: string, world: ReleaseWorld): Next {
  // From here on it is this release's snapshots that are gone back to; those of earlier ones may be cleared away.
  for (const earlier of world.store.list(100, release.target))
    if (earlier.id < release.id)
      for (const { set, id } of earlier.snapshots)
        if (Object.hasOwn(world.snapshots, set)) unpinSnapshot(setOf(world, set), id, pinOf(earlier));
  const events: ReleaseEvent[] = [{ event: 'release.promoted', data: { reason, seen: release.seen } }];
  return enters(release, 'promoted', world.clock.now(), { reason, wasPromoted: true, events });
}

const isPromoted = ({ stable, lastCandidate }: ReleaseState, { version, holder }: Release): boolean =>
  stable.version === version && lastCandidate?.holder === holder && lastCandidate.by === 'promoted';

/** Why nobody gets it any more; undefined while callers do. */
function whyGone({ candidate, lastCandidate }: ReleaseState, { holder }: Release): string | undefined {
  if (candidate?.holder === holder) return undefined;
  if (lastCandidate?.holder !== holder)
    return 'the router does not know it any more; was the router started anew?';
  return lastCandidate.by === 'crash' ? 'its process died' : `it was withdrawn by ${lastCandidate.by}`;
}
