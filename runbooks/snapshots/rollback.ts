import { randomBytes } from 'node:crypto';
import { UnavailableError } from '../../kit/errors.ts';
import { buildFolder, canSetOwners } from './build-folder.ts';
import { chooseSnapshot } from './catalog.ts';
import { keep, liveFolder, type SnapshotOptions } from './create.ts';
import { describeFolder } from './describe-folder.ts';
import { differences, type Manifest } from './manifest.ts';
import { ObjectStore } from './objects.ts';
import type { SnapshotSet } from './set.ts';
import { lockStore } from './store-lock.ts';
import { buildingPath, removeTree, settle, switchTo } from './switch.ts';
import { verifySnapshot } from './verify.ts';

export interface Rollback {
  /** The snapshot that was asked for. */
  to: string;
  /** False when the folder already was as the snapshot has it; then nothing was done. */
  switched: boolean;
  /** The snapshot of the state before: rolling back to it undoes this rollback. */
  before?: string;
  /** Paths that differ between before and after. */
  changed: string[];
}

/**
 * Brings the set's folder back to a snapshot (an id, or `newest`): whole or not at all. The snapshot is verified, the
 * present state is kept as another one, the folder is built and read back, and only then is it switched (switch.ts
 * says what a reader sees in each moment, and what a crash leaves).
 */
export async function rollbackSnapshot(
  set: SnapshotSet,
  which: string,
  options: SnapshotOptions,
): Promise<Rollback> {
  const { clock, signal } = options;
  using _lock = await lockStore(set, clock, signal);
  await settle(set.folder);
  const wanted = chooseSnapshot(set, which);
  const objects = new ObjectStore(set.store);
  await demandWhole(set, wanted, objects, signal);
  const folder = await liveFolder(set);
  const content = await describeFolder(folder, signal);
  const changed = differences(wanted, content, { owners: canSetOwners() });
  if (changed.length === 0) return { to: wanted.id, switched: false, changed };
  const note = options.note ?? `before the rollback to ${wanted.id}`;
  const source = { folder, content, origin: 'before-rollback' as const };
  const before = await keep(set, source, { ...options, note }, objects);
  await buildAndSwitch(set, wanted, objects, signal);
  return { to: wanted.id, switched: true, before: before.id, changed };
}

async function demandWhole(
  set: SnapshotSet,
  manifest: Manifest,
  objects: ObjectStore,
  signal?: AbortSignal,
): Promise<void> {
  const problems = await verifySnapshot(set, manifest, { objects, signal });
  if (problems.length > 0)
    throw new UnavailableError(
      'snapshot.damaged',
      `the snapshot ${manifest.id} of "${set.name}" is damaged: ${problems.join('; ')}`,
      { mend: `Choose another one: andon snapshot list ${set.name}. The folder was not touched.` },
    );
}

async function buildAndSwitch(
  set: SnapshotSet,
  manifest: Manifest,
  objects: ObjectStore,
  signal?: AbortSignal,
): Promise<void> {
  // Never the same name twice: an older version of this id may be in use, and changed since.
  const id = `${manifest.id}-${randomBytes(4).toString('hex')}`;
  const building = buildingPath(set.folder, id);
  try {
    await buildFolder(building, manifest, objects, signal);
    signal?.throwIfAborted();
    await switchTo(set.folder, building, id);
  } catch (error) {
    removeTree(building);
    throw error;
  }
}
