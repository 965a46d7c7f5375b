import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { SnapshotSet } from './set.ts';

const folderOf = (set: SnapshotSet): string => path.join(set.store, 'pins');
const fileOf = (set: SnapshotSet, id: string, why: string): string =>
  path.join(folderOf(set), `${id}--${why.replaceAll(/[^\w.-]/g, '_')}`);

/** Keeps a snapshot from being cleared away while somebody refers to it: `release-12`. On return it is on the disk. */
export function pinSnapshot(set: SnapshotSet, id: string, why: string): void {
  mkdirSync(folderOf(set), { recursive: true, mode: 0o700 });
  const file = openSync(fileOf(set, id, why), 'w', 0o600);
  closeSync(file);
  const folder = openSync(folderOf(set), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Whoever else pinned it still keeps it. */
export function unpinSnapshot(set: SnapshotSet, id: string, why: string): void {
  rmSync(fileOf(set, id, why), { force: true });
}

/** The snapshots that somebody refers to. */
export function pinnedSnapshots(set: SnapshotSet): Set<string> {
  try {
    return new Set(readdirSync(folderOf(set)).flatMap((name) => name.split('--')[0] ?? []));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}
