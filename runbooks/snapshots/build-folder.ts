import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { UnavailableError } from '../../kit/errors.ts';
import { describeFolder } from './describe-folder.ts';
import { type Content, differences, type Entry } from './manifest.ts';
import type { ObjectStore } from './objects.ts';
import { syncAllToDisk } from './sync.ts';

/** Whether files can be given back to their owners; without root they are ours. */
export const canSetOwners = (): boolean => process.getuid?.() === 0;

/**
 * Builds a folder with exactly this content at a path where nothing is yet, brings it to the disk, and looks it through. Each file's
 * bytes are compared with the snapshot as they are written, so that no damaged copy gets anywhere.
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
  const setsOwners = canSetOwners();
  const files = of('file').map(({ path: whose, sha256, mode, uid, gid }) => {
    const gets = { mode, ...(setsOwners ? { owner: { uid, gid } } : {}) };
    return { sha256, whose, to: path.join(into, whose), gets };
  });
  await objects.copyOut(files, signal);
  const written = new Map(files.map(({ whose, sha256 }) => [whose, sha256]));
  for (const { path: name, to } of of('link')) await symlink(to, path.join(into, name));
  // All at once, and before a folder gets a mode that may forbid us to open what is in it.
  const built = [...of('file'), ...folders].map((entry) => path.join(into, entry.path));
  await syncAllToDisk([into, ...built]);
  // The innermost first: a folder may forbid us to write into it as soon as it has its own mode.
  for (const entry of folders.toReversed()) await giveTo(path.join(into, entry.path), entry);
  await giveTo(into, content.root);
  const wrong = differences(content, await describeFolder(into, signal, written), {
    owners: canSetOwners(),
  });
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
