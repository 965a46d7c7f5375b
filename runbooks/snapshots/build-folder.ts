import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { UnavailableError } from '../../kit/errors.ts';
import { describeFolder } from './describe-folder.ts';
import { inParallel } from './in-parallel.ts';
import { type Content, differences, type Entry } from './manifest.ts';
import type { ObjectStore } from './objects.ts';
import { syncToDisk } from './sync.ts';

/** Whether files can be given back to their owners; without root they are ours. */
export const canSetOwners = (): boolean => process.getuid?.() === 0;

/**
 * Builds a folder with exactly this content at a path where nothing is yet, brings it to the disk, and reads it back.
 * Links are made last, so that no file can be written through one. Extended attributes and ACLs are not kept.
 */
export async function buildFolder(
  into: string,
  content: Content,
  objects: ObjectStore,
  signal?: AbortSignal,
): Promise<void> {
  const of = <K extends Entry['kind']>(kind: K) =>
    content.entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
  const folders = of('folder');
  await mkdir(into, { mode: 0o700 });
  for (const { path: name } of folders) await mkdir(path.join(into, name), { mode: 0o700 });
  await inParallel(of('file'), 16, async (entry) => {
    signal?.throwIfAborted();
    const file = path.join(into, entry.path);
    await copyFile(objects.file(entry.sha256), file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await syncToDisk(file);
    await giveTo(file, entry);
  });
  for (const { path: name, to } of of('link')) await symlink(to, path.join(into, name));
  // The innermost first: a folder may forbid us to write into it as soon as it has its own mode.
  const finish = async (folder: string, owner: Content['root']) => {
    await syncToDisk(folder);
    await giveTo(folder, owner);
  };
  for (const entry of folders.toReversed()) await finish(path.join(into, entry.path), entry);
  await finish(into, content.root);
  const wrong = differences(content, await describeFolder(into, signal), { owners: canSetOwners() });
  if (wrong.length > 0)
    throw new UnavailableError(
      'snapshot.built-wrong',
      `the copy differs from the snapshot at ${wrong.join(', ')}`,
    );
}

/** The mode last: a change of owner takes set-user bits away. */
async function giveTo(file: string, { mode, uid, gid }: Content['root']): Promise<void> {
  if (canSetOwners()) await chown(file, uid, gid);
  await chmod(file, mode);
}
