import path from 'node:path';
import type { z } from 'zod';
import { UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import type { Target, TargetOf, Targets } from '../../kit/targets.ts';
import type { SettingsCommand, snapshotSetSection } from './config.ts';

type Section = z.output<typeof snapshotSetSection>;

/** Snapshot sets as they stand under `runbooks.snapshots` in andon.yaml. */
export type SnapshotSets = Readonly<Record<string, Pick<Section, 'folder'> & Partial<Section>>>;

/** A database, how it names the migrations that are applied, and where the steps back are. */
export interface MigrationGuard {
  name: string;
  target: TargetOf<'postgres'> | TargetOf<'mysql'>;
  applied: string;
  down: string;
  /** How long one step back may take, in milliseconds. */
  timeout: number;
}

/** A folder that can be copied and brought back with what belongs to it, and where its copies are. All paths are absolute. */
export interface SnapshotSet {
  name: string;
  folder: string;
  store: string;
  /** So many snapshots are kept, and those that are younger. */
  keep: number;
  keepForMs: number;
  commands: readonly SettingsCommand[];
  database: MigrationGuard | undefined;
}

/** The set of that name; relative paths start at the working directory. Targets are needed where it has a `database`. */
export function snapshotSet(sets: SnapshotSets, name: string, targets: Targets = {}): SnapshotSet {
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
  const store = storeOf(name, found.store);
  if (isInside(store, folder))
    throw new UsageError('snapshot.store-inside', `the snapshots of ${folder} would be kept inside of it`, {
      mend: `Set runbooks.snapshots.${name}.store to a folder outside of ${folder}`,
    });
  const commands = Object.entries(found.commands ?? {}).map(([key, command]) => ({ name: key, ...command }));
  const { keep = 20, keep_for: keepForMs = 0 } = found;
  return { name, folder, store, keep, keepForMs, commands, database: guardOf(name, found.database, targets) };
}

/** Where the copies of the set of that name are. */
export const storeOf = (name: string, written: string | undefined): string =>
  path.resolve(written ?? path.join('.andon', 'snapshots', name));

function guardOf(set: string, written: Section['database'], targets: Targets): MigrationGuard | undefined {
  if (!written) return undefined;
  const target: Target | undefined = Object.hasOwn(targets, written.target)
    ? targets[written.target]
    : undefined;
  if (target?.kind !== 'postgres' && target?.kind !== 'mysql')
    throw new UsageError(
      'snapshot.database',
      `the database "${written.target}" of the set "${set}" is no postgres or mysql target`,
      {
        mend: `Correct runbooks.snapshots.${set}.database.target in andon.yaml`,
      },
    );
  const { target: name, applied, down, timeout } = written;
  return { name, target, applied, down: path.resolve(down), timeout };
}

function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep);
}
