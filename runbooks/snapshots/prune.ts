import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { listSnapshots, manifestFile, readManifest } from './catalog.ts';
import { pinnedSnapshots } from './pins.ts';
import type { SnapshotSet } from './set.ts';
import { syncToDisk } from './sync.ts';

/** What was cleared away. */
export interface Pruned {
  snapshots: string[];
  objects: number;
}

/**
 * Clears away the oldest snapshots beyond `keep`, and contents that no snapshot refers to. Never the newest that was taken on purpose,
 * and none that somebody has pinned. First the lists, then the contents: killed in the middle, what is listed is whole, and the next
 * one clears away the rest. The caller holds the set's lock.
 */
export async function prune(set: SnapshotSet, clock: Clock): Promise<Pruned> {
  const gone = superfluous(set, clock.now());
  for (const id of gone) rmSync(manifestFile(set, id));
  if (gone.length > 0) await syncToDisk(path.dirname(manifestFile(set, '')));
  return { snapshots: gone, objects: collect(set) };
}

function superfluous(set: SnapshotSet, now: number): string[] {
  const { snapshots } = listSnapshots(set);
  const pinned = pinnedSnapshots(set);
  const newest = snapshots.find(({ origin }) => origin === 'create')?.id;
  return snapshots
    .filter(({ id, createdAt }, index) => {
      const isOld = index >= set.keep && now - Date.parse(createdAt) >= set.keepForMs;
      return isOld && id !== newest && !pinned.has(id);
    })
    .map(({ id }) => id);
}

/** Removes contents that no snapshot refers to, and what a killed process had begun to write; how many. */
function collect(set: SnapshotSet): number {
  const { snapshots, damaged } = listSnapshots(set);
  // What a list that cannot be read refers to is not known: it may be mended from a backup.
  if (damaged.length > 0) return 0;
  const used = new Set(
    snapshots.flatMap(({ id }) => {
      const { entries, settings = [] } = readManifest(set, id);
      return [
        ...entries.flatMap((entry) => (entry.kind === 'file' ? [entry.sha256] : [])),
        ...settings.map(({ sha256 }) => sha256),
      ];
    }),
  );
  const folder = path.join(set.store, 'objects');
  if (!existsSync(folder)) return 0;
  let removed = 0;
  for (const inner of readdirSync(folder))
    for (const name of readdirSync(path.join(folder, inner)))
      if (!used.has(name)) {
        rmSync(path.join(folder, inner, name));
        removed++;
      }
  return removed;
}
