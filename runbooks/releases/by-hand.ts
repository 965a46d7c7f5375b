import { randomUUID } from 'node:crypto';
import { UnavailableError, UsageError } from '../../kit/errors.ts';
import { advanceFar } from './advance.ts';
import type { Release, ReleaseStateName } from './release.ts';
import { lockReleases, type ReleaseWorld, routerOf, setOf } from './release-world.ts';
import { enters } from './transitions.ts';

/** A snapshot or a rollback that another process has under way; a person looks then what it does. */
const turnMs = 60_000;
/** Longer than a version takes to start, or to go. */
const patienceMs = 130_000;

/** What a person wants released; what is left out stands in `runbooks.releases`. */
export interface ReleaseWish {
  version: string;
  actor: string;
  target?: string | undefined;
  share?: number | undefined;
  watchMs?: number | undefined;
  minSamples?: number | undefined;
  sets?: readonly string[] | undefined;
}

/** Takes the snapshots, and puts the version on trial; returns when callers get it, or why they do not. */
export async function startRelease(
  wish: ReleaseWish,
  world: ReleaseWorld,
  signal: AbortSignal,
): Promise<Release> {
  const { config, store, clock } = world;
  const { version, actor, target = config.target, sets = config.snapshots } = wish;
  if (!/^\w[\w.+-]{0,59}$/.test(version))
    throw new UsageError('release.version', `"${version}" is no version: letters, digits, dots, + and -`);
  for (const name of sets) setOf(world, name);
  using _lock = await lockReleases(world, turnMs, signal);
  await demandFree(target, version, world, signal);
  const now = clock.now();
  const added = store.add(target, version, {
    holder: `andon-release-${randomUUID()}`,
    actor,
    share: wish.share ?? config.share,
    watchMs: wish.watchMs ?? config.watch,
    minSamples: wish.minSamples ?? config.min_samples,
    sets: [...sets],
    ...{
      snapshots: [],
      createdAt: now,
      since: now,
      reason: 'the snapshots are taken',
      canaryAt: null,
      baseline: null,
    },
    ...{ seen: '', falseSince: {}, trouble: null, wasPromoted: false, checkBaseline: null, aftermath: null },
  });
  if (!added) throw active(store.newest(target));
  return await carryThrough(added, world, signal);
}

/** Everybody gets the version on trial, because a person says so. */
export const promoteRelease = (wish: ByHand, world: ReleaseWorld, signal: AbortSignal): Promise<Release> =>
  decide(wish, { to: 'promoting', from: ['canary', 'awaiting', 'promoting'] }, world, signal);

/** Nobody gets the version any more, and its settings are as before, because a person says so. Also after it was promoted. */
export const rollbackRelease = (wish: ByHand, world: ReleaseWorld, signal: AbortSignal): Promise<Release> =>
  decide(
    wish,
    {
      to: 'rolling-back',
      from: [
        'preparing',
        'deploying',
        'canary',
        'awaiting',
        'promoting',
        'promoted',
        'rolling-back',
        'stuck',
      ],
    },
    world,
    signal,
  );

/** Who decides about the newest release of which target. */
export interface ByHand {
  actor: string;
  target?: string | undefined;
}

async function decide(
  { actor, target }: ByHand,
  { to, from }: { to: 'promoting' | 'rolling-back'; from: readonly ReleaseStateName[] },
  world: ReleaseWorld,
  signal: AbortSignal,
): Promise<Release> {
  const { store, clock, config } = world;
  const name = target ?? config.target;
  routerOf(world, name);
  using _lock = await lockReleases(world, turnMs, signal);
  const newest = store.newest(name);
  if (!newest)
    throw new UsageError('release.none', `nothing has been released to ${name}`, {
      mend: 'Start one: andon release start VERSION',
    });
  if (!from.includes(newest.state))
    throw new UsageError(
      'release.state',
      `release ${newest.version} of ${name} is ${newest.state} (${newest.reason}): there is nothing to ${to === 'promoting' ? 'promote' : 'roll back'}`,
      { mend: 'See: andon release status' },
    );
  const word = to === 'promoting' ? 'promoted' : 'rolled back';
  const { release } = enters(newest, to, clock.now(), { reason: `${word} by ${actor}` });
  store.save(release);
  return await carryThrough(release, world, signal);
}

/** Whoever stops a start wants nothing on trial: whoever looks next takes it back. A rollback goes on then, a promotion too. */
async function carryThrough(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Release> {
  try {
    return await advanceFar(release, world, { patienceMs, signal });
  } catch (error) {
    const left = world.store.get(release.id);
    if (left && (left.state === 'preparing' || left.state === 'deploying'))
      world.store.save(
        enters(left, 'rolling-back', world.clock.now(), { reason: 'its start was stopped' }).release,
      );
    throw error;
  }
}

/** Refuses before anything is written down. */
async function demandFree(
  target: string,
  version: string,
  world: ReleaseWorld,
  signal: AbortSignal,
): Promise<void> {
  const router = routerOf(world, target);
  const newest = world.store.newest(target);
  if (newest && !['promoted', 'rolled-back', 'failed', 'checking'].includes(newest.state))
    throw active(newest);
  const { stable, candidate } = await router.state(signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new UnavailableError('release.no-router', `the router of ${target} cannot be asked`, {
      mend: 'Look whether it runs, and whether `control` of the target is the address of its control API.',
      cause,
    });
  });
  if (stable.version === version)
    throw new UsageError(
      'release.is-stable',
      `version ${version} is what everybody at ${target} gets already`,
    );
  if (candidate)
    throw new UnavailableError(
      'release.held',
      `version ${candidate.version} of ${candidate.holder} is on trial at ${target} already`,
      { mend: 'Wait until it is promoted or withdrawn; after a drill run: andon drill clean' },
    );
  if (newest?.state === 'checking') {
    const aftermath = 'not analysed to the end: the next release was started';
    world.store.save(
      enters(newest, 'rolled-back', world.clock.now(), { reason: newest.reason, aftermath }).release,
    );
  }
}

function active(release: Release | undefined): UsageError {
  const what = release
    ? `release ${release.version} of ${release.target} is ${release.state}`
    : 'another release';
  return new UsageError('release.active', `${what}: one at a time`, {
    mend: 'See: andon release status; then: andon release promote, or andon release rollback',
  });
}
