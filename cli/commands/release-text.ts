import { isoTime } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import type { ReleaseState } from '../../kit/release-router.ts';
import type { Release } from '../../runbooks/releases/release.ts';

/** One release as one line. */
export const releaseLine = ({
  id,
  target,
  version,
  state,
  createdAt,
  reason,
  aftermath,
  trouble,
}: Release): string =>
  [
    `${String(id).padStart(3)}  ${isoTime(createdAt)}  ${target}  ${version.padEnd(12)} ${state.padEnd(12)} ${reason}`,
    ...(aftermath === null ? [] : [aftermath]),
    ...(trouble === null ? [] : [`it cannot go on: ${trouble}`]),
  ].join('; ');

/** What is going on at a router, for people. */
export function releaseText(
  target: string,
  release: Release | undefined,
  router: ReleaseState | undefined,
): string {
  const lines = [
    router
      ? `${target}: everybody gets ${router.stable.version}${router.candidate ? `, ${percent(router.candidate.share)} get ${router.candidate.version} (${router.candidate.holder})` : ''}`
      : `${target}: the router cannot be asked`,
    ...(release ? [releaseLine(release), ...progress(release)] : ['nothing has been released with andon']),
  ];
  return `${lines.join('\n')}\n`;
}

function progress({ state, canaryAt, watchMs, minSamples, seen, snapshots }: Release): string[] {
  if (canaryAt === null || (state !== 'canary' && state !== 'awaiting')) return [];
  return [
    `     on trial since ${isoTime(canaryAt)}, for ${promDuration(watchMs)}, until ${isoTime(canaryAt + watchMs)} and ${minSamples} requests`,
    `     so far: ${seen === '' ? 'not looked at yet' : seen}`,
    ...snapshots.map(({ set, id }) => `     goes back to snapshot ${id} of ${set}`),
  ];
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
