import type { Clock } from '../../kit/clock.ts';
import { UsageError } from '../../kit/errors.ts';
import { RouterClient } from '../../kit/release-router.ts';
import { closest } from '../../kit/spelling.ts';
import type { Targets } from '../../kit/targets.ts';
import { lockFile } from '../file-lock.ts';
import { type SnapshotSet, type SnapshotSets, snapshotSet } from '../snapshots/set.ts';
import type { ReleasesConfig } from './config.ts';
import type { ReleaseStore } from './release-store.ts';

/** What releases are made with: passed in, so that tests hold it. */
export interface ReleaseWorld {
  store: ReleaseStore;
  config: ReleasesConfig;
  targets: Targets;
  snapshots: SnapshotSets;
  /** One number; undefined where there is no sample. */
  askPrometheus(promql: string, signal: AbortSignal): Promise<number | undefined>;
  fetch: typeof fetch;
  clock: Clock;
}

/** The router of a target; throws where andon.yaml has none of that name. */
export function routerOf(
  { targets, fetch }: Pick<ReleaseWorld, 'targets' | 'fetch'>,
  name: string,
): RouterClient {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (target?.kind === 'release') return new RouterClient(target, fetch);
  const known = Object.entries(targets).flatMap(([key, { kind }]) => (kind === 'release' ? [key] : []));
  const near = closest(name, known);
  throw new UsageError('release.no-target', `no target of kind release is called "${name}"`, {
    mend: near
      ? `Did you mean "${near}"?`
      : `Add it to andon.yaml: targets: {${name}: {kind: release, control: "http://…", token: "…"}}`,
  });
}

export const setOf = ({ snapshots, targets }: ReleaseWorld, name: string): SnapshotSet =>
  snapshotSet(snapshots, name, targets);

/** Whoever works on releases, one process at a time; a process that dies lets go of it. */
export const lockReleases = (
  { store, clock }: Pick<ReleaseWorld, 'store' | 'clock'>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<Disposable> =>
  lockFile(`${store.file}.releases-lock`, {
    what: 'the store of releases, which another process is working on,',
    patienceMs,
    clock,
    signal,
  });
