import path from 'node:path';
import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { Targets } from '../../kit/targets.ts';

/** Snapshot sets as they stand under `runbooks.snapshots` in andon.yaml. */
export type SnapshotSets = Readonly<Record<string, { folder: string; store?: string | undefined }>>;

/** A folder that can be copied and brought back, and where its copies are. Both paths are absolute. */
export interface SnapshotSet {
  name: string;
  folder: string;
  store: string;
}

/** The set of that name; relative paths start at the working directory. */
export function snapshotSet(sets: SnapshotSets, name: string, _targets: Targets = {}): SnapshotSet {
  const found = Object.hasOwn(sets, name) ? sets[name] : undefined;
  if (!found) {
    const near = closest(name, Object.keys(sets));
    throw new UsageError('snapshot.unknown-set', `no snapshot set is called "${name}"`, {
      mend: near
        ? `Did you mean "${near}"?`
        : `Add it to andon.yaml: runbooks: {snapshots: {${name}: {folder: /path/to/the/folder}}}`,
    });
  }
  const folder = path.resolve(found.folder);
  const store = path.resolve(found.store ?? path.join('.andon', 'snapshots', name));
  if (isInside(store, folder))
    throw new UsageError('snapshot.store-inside', `the snapshots of ${folder} would be kept inside of it`, {
      mend: `Set runbooks.snapshots.${name}.store to a folder outside of ${folder}`,
    });
  return { name, folder, store };
}

function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep);
}
