import type { Manifest } from './manifest.ts';
import { ObjectStore } from './objects.ts';
import type { SnapshotSet } from './set.ts';

/** Reads every object of a snapshot again; names what is missing or damaged. Empty: the snapshot is whole. */
export async function verifySnapshot(
  set: SnapshotSet,
  manifest: Manifest,
  options: { objects?: ObjectStore; signal?: AbortSignal | undefined } = {},
): Promise<string[]> {
  const { objects = new ObjectStore(set.store), signal } = options;
  const problems: string[] = [];
  const files = new Map(
    manifest.entries.flatMap((entry) => (entry.kind === 'file' ? [[entry.sha256, entry.path]] : [])),
  );
  for (const { name, sha256 } of manifest.settings ?? []) files.set(sha256, `the setting ${name}`);
  const whole = await objects.whole([...files.keys()], signal);
  for (const [sha256, name] of files)
    if (!whole.has(sha256)) problems.push(`${name}: its copy ${sha256} is missing or damaged`);
  return problems.toSorted();
}
