import { lstat, readdir, unlink } from 'node:fs/promises';
import { logMatcher } from '../../../kit/log-files.ts';
import type { OpenFolder } from '../../../kit/open-folder.ts';

/** A regular file directly in the folder. */
export interface OldFile {
  name: string;
  inode: bigint;
  modifiedMs: number;
}

const stat = (file: string) => lstat(file, { bigint: true }).catch(() => undefined);

/** The file of that name, if it is a regular one that has no other name. */
async function look(folder: OpenFolder, name: string): Promise<OldFile | undefined> {
  const found = await stat(folder.file(name));
  // A file that has another name frees nothing when it loses this one.
  if (!found?.isFile() || found.nlink !== 1n) return undefined;
  return { name, inode: found.ino, modifiedMs: Number(found.mtimeMs) };
}

/** Deletes it if it still is the file that was looked at; returns how much it took on the disk. */
export async function removeOld(
  folder: OpenFolder,
  { name, inode, modifiedMs }: OldFile,
): Promise<number | undefined> {
  const now = await stat(folder.file(name));
  if (!now?.isFile() || now.ino !== inode || Number(now.mtimeMs) !== modifiedMs) return undefined;
  await unlink(folder.file(name));
  // Blocks of 512 bytes, on every file system.
  return Number(now.blocks) * 512;
}

/** The files that may be deleted, oldest first. */
export async function oldFiles(
  folder: OpenFolder,
  { pattern, keep, olderThanMs, now }: { pattern: string; keep: number; olderThanMs: number; now: number },
): Promise<OldFile[]> {
  const found: OldFile[] = [];
  for (const name of (await readdir(folder.at)).filter(logMatcher(pattern))) {
    const file = await look(folder, name);
    if (file) found.push(file);
  }
  found.sort((one, other) => one.modifiedMs - other.modifiedMs || (one.name < other.name ? -1 : 1));
  return found
    .slice(0, Math.max(0, found.length - keep))
    .filter((file) => now - file.modifiedMs >= olderThanMs);
}
