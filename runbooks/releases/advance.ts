import { messageOf } from '../../kit/errors.ts';
import { check, goBack } from './go-back.ts';
import { observe, observePromoted, promote } from './observe.ts';
import { deploy, prepare } from './prepare.ts';
import { promptStates, type Release, type ReleaseStateName } from './release.ts';
import type { ReleaseWorld } from './release-world.ts';
import type { Next } from './transitions.ts';

type Doing = (release: Release, world: ReleaseWorld, signal: AbortSignal) => Promise<Next>;

const doing: Partial<Record<ReleaseStateName, Doing>> = {
  preparing: prepare,
  deploying: deploy,
  canary: observe,
  awaiting: observe,
  promoting: promote,
  promoted: observePromoted,
  'rolling-back': goBack,
  checking: check,
};

/** Does what its state asks for, once, and stores what has become of it. What fails is noted, and tried again the next time. */
export async function advance(release: Release, world: ReleaseWorld, signal: AbortSignal): Promise<Release> {
  const work = doing[release.state];
  if (!work) return release;
  let next: Next;
  try {
    next = await work(release, world, signal);
  } catch (error) {
    signal.throwIfAborted();
    next = { release: { ...release, trouble: messageOf(error) }, events: [] };
  }
  world.store.save(next.release, next.events);
  return next.release;
}

/** Goes on until it has to wait for time, people or a router that cannot be asked. */
export async function advanceFar(
  release: Release,
  world: ReleaseWorld,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<Release> {
  const until = world.clock.now() + patienceMs;
  let now = release;
  while (promptStates.includes(now.state)) {
    const next = await advance(now, world, signal);
    if (next.state === now.state) {
      if (world.clock.now() >= until) return next;
      await world.clock.sleep(200, signal);
    }
    now = next;
  }
  return now;
}
