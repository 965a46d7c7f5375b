import { AndonError, messageOf } from '../../kit/errors.ts';
import { leftOf, type RouterClient } from '../../kit/release-router.ts';
import { type Rollback, rollbackSnapshot } from '../snapshots/rollback.ts';
import { leastSamples, surelyFails, tallyOf } from './judge.ts';
import { pinOf, type Release } from './release.ts';
import type { ReleaseEvent } from './release-store.ts';
import { type ReleaseWorld, routerOf, setOf } from './release-world.ts';
import { enters, type Next, needsPerson, stays } from './transitions.ts';

/** How long the stable version is looked at after a rollback. */
const checkMs = 60_000;
/** Without enough requests it is looked at so long. */
const longestCheckMs = 300_000;

/** Takes the version away from everybody, then its settings. Everything here is safe to do again after a crash. */
export async function goBack(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const router = routerOf(world, release.target);
  const stuck = (reason: string) =>
    enters(release, 'stuck', world.clock.now(), { reason, events: [needsPerson(reason)] });
  const problem = await withdraw(release, router, signal);
  if (problem !== undefined) return stuck(problem);
  const settings: (Pick<Rollback, 'to' | 'switched' | 'before'> & { set: string })[] = [];
  for (const { set, id } of release.snapshots) {
    try {
      const note = `before the rollback of release ${release.version}`;
      const options = { clock: world.clock, note, signal };
      const { to, switched, before } = await rollbackSnapshot(setOf(world, set), id, options);
      settings.push({ set, to, switched, ...(before === undefined ? {} : { before }) });
    } catch (error) {
      signal.throwIfAborted();
      const mend = error instanceof AndonError && error.mend !== undefined ? ` ${error.mend}` : '';
      return stuck(
        `nobody gets ${release.version} any more, but its settings of "${set}" stay: ${messageOf(error)}.${mend} Then: andon release rollback`,
      );
    }
  }
  const { stable } = await router.state(signal);
  const { reason } = release;
  const data = { reason, stable: stable.version, settings, seen: release.seen };
  return enters(release, 'checking', world.clock.now(), {
    reason,
    checkBaseline: stable.requests ?? null,
    events: [{ event: 'release.rolled_back', data }],
  });
}

/** Throws while it is on its way; what is said is why it cannot be done at all. */
async function withdraw(
  { id, holder, version, wasPromoted, target }: Release,
  router: RouterClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  const act = { by: 'release', operation: pinOf({ id }) };
  const before = await router.state(signal);
  if (before.candidate?.holder === holder) await router.withdraw(holder, act, signal);
  else if (wasPromoted && before.stable.version === version) {
    const answer = await router.rollback(version, act, signal);
    if (!answer.ok && answer.code === 'release.first')
      return `${target} cannot go back: ${answer.message}. Release the version before again: andon release start`;
    if (!answer.ok && answer.code !== 'release.other') throw new Error(answer.message);
  }
  const [left] = leftOf(target, await router.state(signal), holder);
  if (left !== undefined) throw new Error(left);
  return undefined;
}

/** After a rollback the stable version must do well; where it fails as well, the release was not the reason, or not alone. */
export async function check(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Next> {
  const { config, clock } = world;
  const { stable } = await routerOf(world, release.target).state(signal);
  const tally = tallyOf(stable.requests, release.checkBaseline);
  const done = (aftermath: string, events: ReleaseEvent[] = []) =>
    enters(release, 'rolled-back', clock.now(), {
      reason: release.reason,
      aftermath,
      events: [{ event: 'release.checked', data: { aftermath } }, ...events],
    });
  if (surelyFails(tally, config.max_failure_ratio)) {
    const text = `${stable.version} fails as well, ${tally.failed} of ${tally.total} requests since: it was not the release, or not alone`;
    return done(text, [needsPerson(text)]);
  }
  const waited = clock.now() - release.since;
  if (waited >= checkMs && tally.total >= leastSamples)
    return done(`${stable.version} does well: it failed ${tally.failed} of ${tally.total} requests since`);
  if (waited >= longestCheckMs)
    return done(`too few requests since to tell how ${stable.version} does: ${tally.total}`);
  return stays(release);
}
