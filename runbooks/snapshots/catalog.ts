import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../kit/atomic-file.ts';
import { messageOf, UnavailableError, UsageError } from '../../kit/errors.ts';
import { type Manifest, manifestSchema, snapshotId } from './manifest.ts';
import type { SnapshotSet } from './set.ts';
import { syncToDisk } from './sync.ts';

/** Where a snapshot is listed. */
export const manifestFile = (set: SnapshotSet, id: string): string =>
  path.join(set.store, 'manifests', `${id}.json`);

/** Lists a snapshot: all its objects are on the disk by now. */
export async function writeManifest(set: SnapshotSet, manifest: Manifest): Promise<void> {
  const file = manifestFile(set, manifest.id);
  writeFileAtomic(file, `${JSON.stringify(manifest, null, 1)}\n`, 0o600);
  await syncToDisk(path.dirname(file));
}

/** One line of `andon snapshot list`. */
export interface SnapshotSummary {
  id: string;
  createdAt: string;
  origin: Manifest['origin'];
  note: string;
  files: number;
  bytes: number;
}

/** The readable snapshots of a set, newest first, and what is wrong with the others. */
export function listSnapshots(set: SnapshotSet): { snapshots: SnapshotSummary[]; damaged: string[] } {
  const folder = path.join(set.store, 'manifests');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const damaged: string[] = [];
  const snapshots = names
    .toSorted()
    .toReversed()
    .flatMap((name) => {
      try {
        return [summary(readManifest(set, path.basename(name, '.json')))];
      } catch (error) {
        damaged.push(messageOf(error));
        return [];
      }
    });
  return { snapshots, damaged };
}

function summary({ id, createdAt, origin, note, entries }: Manifest): SnapshotSummary {
  const files = entries.filter((entry) => entry.kind === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return { id, createdAt, origin, note, files: files.length, bytes };
}

/** The manifest of that id; throws when there is none, or when it was changed since it was written. */
export function readManifest(set: SnapshotSet, id: string): Manifest {
  const file = manifestFile(set, id);
  // The id becomes part of a path, so it is looked at first.
  if (!snapshotId.safeParse(id).success || !existsSync(file))
    throw new UsageError('snapshot.unknown', `the set "${set.name}" has no snapshot "${id}"`, {
      mend: `See which there are: andon snapshot list ${set.name}`,
    });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw damagedManifest(file, messageOf(error));
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw damagedManifest(file, z.prettifyError(parsed.error));
  if (parsed.data.id !== id) throw damagedManifest(file, `it says that it is ${parsed.data.id}`);
  return parsed.data;
}

const damagedManifest = (file: string, why: string): UnavailableError =>
  new UnavailableError('snapshot.damaged', `${file} is damaged: ${why}`, {
    mend: 'Take another snapshot, or restore this file from a backup. Nothing was changed.',
  });

/** `newest` is the last one that was taken on purpose; those that rollbacks took are named by their id. */
export function chooseSnapshot(set: SnapshotSet, which: string): Manifest {
  if (which !== 'newest') return readManifest(set, which);
  const newest = listSnapshots(set).snapshots.find((snapshot) => snapshot.origin === 'create');
  if (newest) return readManifest(set, newest.id);
  throw new UsageError('snapshot.none', `the set "${set.name}" has no snapshot yet`, {
    mend: `Take one before the next change: andon snapshot create ${set.name}`,
  });
}
