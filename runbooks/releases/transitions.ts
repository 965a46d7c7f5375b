import type { Release, ReleaseStateName } from './release.ts';
import type { ReleaseEvent } from './release-store.ts';

/** What becomes of a release, and what is to be told of it. */
export interface Next {
  release: Release;
  events: ReleaseEvent[];
}

/** It stays in its state. */
export const stays = (release: Release, changes: Partial<Release> = {}): Next => ({
  release: { ...release, trouble: null, ...changes },
  events: [],
});

/** It enters another state. */
export function enters(
  release: Release,
  state: ReleaseStateName,
  now: number,
  { reason, events = [], ...changes }: Partial<Release> & { reason: string; events?: ReleaseEvent[] },
): Next {
  return { release: { ...release, trouble: null, ...changes, state, since: now, reason }, events };
}

/** A person is needed: told once, when the state is entered. */
export const needsPerson = (reason: string): ReleaseEvent => ({
  event: 'release.needs_person',
  data: { reason },
});
