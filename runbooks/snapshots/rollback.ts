import { randomBytes } from 'node:crypto';
import { buildFolder, canSetOwners } from './build-folder.ts';
import { chooseSnapshot } from './catalog.ts';
import { keep, liveFolder, lookAround, type SnapshotOptions } from './create.ts';
import { describeFolder } from './describe-folder.ts';
import type { DownStep } from './down-steps.ts';
import { forgetRollback, isInterrupted, noteRollback } from './interrupted.ts';
import { differences, type Manifest } from './manifest.ts';
import { demandFittingTables } from './migrations.ts';
import { ObjectStore } from './objects.ts';
import type { SnapshotSet } from './set.ts';
import { type CapturedSetting, restoreSettings, settingsDifference } from './settings.ts';
import { lockStore } from './store-lock.ts';
import { buildingPath, removeTree, settle, switchTo } from './switch.ts';
import { takeBackMigrations } from './take-back-migrations.ts';

export interface Rollback {
  /** The snapshot that was asked for. */
  to: string;
  /** False when the folder already was as the snapshot has it; then nothing was done. */
  switched: boolean;
  /** The snapshot of the state before: rolling back to it undoes this rollback. */
  before?: string;
  /** Paths that differ between before and after; `setting NAME` for what a command printed, `migration NAME` for one that was taken back. */
  changed: string[];
  /** Settings that differ and stay as they are, as sentences. */
  notRestored: string[];
}

export interface RollbackOptions extends SnapshotOptions {
  /** A person says that migrations since the snapshot may be taken back, with what was written since. */
  withMigrations?: boolean;
}

/**
 * Brings the set's folder back to a snapshot (an id, or `newest`): whole or not at all. The folder is built beside the present one,
 * every byte compared with the snapshot as it is written; the present state is kept as another snapshot; and only then is it switched
 * (switch.ts says what a reader sees in each moment, and what a crash leaves).
 *
 * Settings are restored by their commands at the very end, directly before the switch: what can fail has happened by then. A command
 * that fails ends the rollback, and what was restored before it is given back. Killed between the first command and the switch,
 * settings and folder may not belong together: that is noted (interrupted.ts), and the same rollback carried out again makes it whole.
 * The same holds for migrations that are taken back: all of them in one transaction, after the settings.
 */
export async function rollbackSnapshot(
  set: SnapshotSet,
  which: string,
  options: RollbackOptions,
): Promise<Rollback> {
  const { clock, signal, withMigrations = false } = options;
  using _lock = await lockStore(set, clock, signal);
  await settle(set.folder);
  const wanted = chooseSnapshot(set, which);
  const objects = new ObjectStore(set.store);
  const folder = await liveFolder(set);
  const around = await lookAround(set, signal);
  const stepsBack = demandFittingTables(set, wanted, around.migrations, withMigrations);
  const content = await describeFolder(folder, signal);
  const { restorable, notRestored } = settingsDifference(wanted, around.captured, set);
  const paths = differences(wanted, content, { owners: canSetOwners() });
  const changed = [
    ...paths,
    ...restorable.map((name) => `setting ${name}`),
    ...stepsBack.map(({ migration }) => `migration ${migration}`),
  ];
  if (changed.length === 0) {
    forgetRollback(set);
    return { to: wanted.id, switched: false, changed, notRestored };
  }
  const mixture = isInterrupted(set) ? ', when one was broken off: a mixture' : '';
  const note = `${options.note ?? `before the rollback to ${wanted.id}`}${mixture}`;
  const source = { folder, content, ...around, origin: 'before-rollback' as const };
  const atLast = async () => {
    // By now what both have in common has been found whole, and is not read again.
    const { id } = await keep(set, source, { ...options, note }, objects);
    if (restorable.length === 0 && stepsBack.length === 0) return id;
    await restoreWanted(set, wanted, { names: restorable, now: around.captured, objects, stepsBack }, signal);
    return id;
  };
  const before =
    paths.length === 0 ? await atLast() : await buildAndSwitch(set, wanted, objects, atLast, signal);
  forgetRollback(set);
  return { to: wanted.id, switched: true, before, changed, notRestored };
}

interface RestoreWish {
  names: string[];
  now: readonly CapturedSetting[];
  objects: ObjectStore;
  stepsBack: readonly DownStep[];
}

/** Where it fails, all is as before, unless the error says that it could not be taken back; then the note stays. */
async function restoreWanted(
  set: SnapshotSet,
  { id, settings = [] }: Manifest,
  { names, now, objects, stepsBack }: RestoreWish,
  signal?: AbortSignal,
): Promise<void> {
  const wanted = (name: string) =>
    objects.content(settings.find((one) => one.name === name)?.sha256 ?? '', `the setting ${name}`);
  const { database } = set;
  const andThen = async () => {
    if (database && stepsBack.length > 0)
      await takeBackMigrations(set, database, stepsBack, signal ?? new AbortController().signal);
  };
  await noteRollback(set, id);
  try {
    await restoreSettings(set, names, { wanted, now, andThen }, signal);
  } catch (error) {
    if (!(error instanceof AggregateError)) forgetRollback(set);
    throw error;
  }
}

async function buildAndSwitch(
  set: SnapshotSet,
  manifest: Manifest,
  objects: ObjectStore,
  atLast: () => Promise<string>,
  signal?: AbortSignal,
): Promise<string> {
  // Never the same name twice: an older version of this id may be in use, and changed since.
  const id = `${manifest.id}-${randomBytes(4).toString('hex')}`;
  const building = buildingPath(set.folder, id);
  try {
    await buildFolder(building, manifest, objects, signal);
    signal?.throwIfAborted();
    const before = await atLast();
    await switchTo(set.folder, building, id);
    return before;
  } catch (error) {
    removeTree(building);
    throw error;
  }
}
