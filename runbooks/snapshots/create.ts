import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { messageOf, UsageError } from '../../kit/errors.ts';
import { writeManifest } from './catalog.ts';
import { describeFolder } from './describe-folder.ts';
import { demandNotInterrupted } from './interrupted.ts';
import { type Content, digestOf, type Manifest } from './manifest.ts';
import { appliedMigrations } from './migrations.ts';
import { ObjectStore } from './objects.ts';
import { pinSnapshot } from './pins.ts';
import { prune } from './prune.ts';
import type { SnapshotSet } from './set.ts';
import { type CapturedSetting, captureSettings, keepSettings } from './settings.ts';
import { lockStore } from './store-lock.ts';
import { settle } from './switch.ts';

export interface SnapshotOptions {
  clock: Clock;
  note?: string;
  /** Who refers to the new snapshot: it is pinned before it is listed. */
  pin?: string;
  signal?: AbortSignal | undefined;
}

/** Copies the set's folder, and what its commands print. The snapshot is listed only once all of it is on the disk. */
export async function createSnapshot(set: SnapshotSet, options: SnapshotOptions): Promise<Manifest> {
  const { clock, signal } = options;
  using _lock = await lockStore(set, clock, signal);
  await settle(set.folder);
  demandNotInterrupted(set);
  const folder = await liveFolder(set);
  const surroundings = await lookAround(set, signal);
  const content = await describeFolder(folder, signal);
  const source = { folder, content, ...surroundings, origin: 'create' as const };
  const manifest = await keep(set, source, options, new ObjectStore(set.store));
  await prune(set, clock);
  return manifest;
}

/** What belongs to the folder and does not lie in it, as it is now. */
export async function lookAround(set: SnapshotSet, signal?: AbortSignal): Promise<LookedAround> {
  return { captured: await captureSettings(set, signal), migrations: await appliedMigrations(set) };
}

export interface LookedAround {
  captured: readonly CapturedSetting[];
  migrations: Manifest['migrations'];
}

/** The real folder behind the configured path. */
export async function liveFolder(set: SnapshotSet): Promise<string> {
  try {
    return await realpath(set.folder);
  } catch (error) {
    throw new UsageError('snapshot.no-folder', `the folder of the set "${set.name}": ${messageOf(error)}`, {
      mend: `Correct runbooks.snapshots.${set.name}.folder in andon.yaml`,
      cause: error,
    });
  }
}

/** Puts a described folder into the store. The caller holds the set's lock. */
export async function keep(
  set: SnapshotSet,
  source: LookedAround & { folder: string; content: Content; origin: Manifest['origin'] },
  { clock, note = '', pin, signal }: SnapshotOptions,
  objects: ObjectStore,
): Promise<Manifest> {
  const { folder, content, captured, migrations, origin } = source;
  const files = new Map(
    content.entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.sha256, entry.path]] : [])),
  );
  const sources = [...files].map(([sha256, name]): [string, string] => [sha256, path.join(folder, name)]);
  await objects.add(new Map(sources), signal);
  const kept = {
    ...content,
    ...(captured.length === 0 ? {} : { settings: await keepSettings(captured, objects) }),
    ...(migrations ? { migrations } : {}),
  };
  const digest = digestOf(kept);
  const createdAt = isoTime(clock.now());
  const id = `${createdAt.replaceAll(/[-:.]/g, '')}-${digest.slice(0, 12)}`;
  const manifest: Manifest = {
    schema: 'andon.snapshot/v1',
    id,
    set: set.name,
    createdAt,
    origin,
    note,
    ...kept,
    digest,
  };
  if (pin !== undefined) pinSnapshot(set, id, pin);
  await writeManifest(set, manifest);
  return manifest;
}
