import { constants, existsSync } from 'node:fs';
import { lstat, open, readdir, realpath, unlink } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../../kit/errors.ts';

/** A regular file directly in the folder. */
export interface OldFile {
  name: string;
  inode: bigint;
  modifiedMs: number;
}

/** A folder that stays the same one whatever its path leads to meanwhile. */
export interface OpenFolder extends AsyncDisposable {
  names(): Promise<string[]>;
  /** The file of that name, if it is a regular one that has no other name. */
  look(name: string): Promise<OldFile | undefined>;
  /** Deletes it if it still is the file that was looked at; returns how much it took on the disk. */
  remove(file: OldFile): Promise<number | undefined>;
}

/** Opens a folder; the reason, as a sentence, why nothing may be deleted there. */
export async function openFolder(folder: string): Promise<OpenFolder | string> {
  try {
    const real = await realpath(folder);
    if (real !== folder) return `${folder} leads to ${real}: name that one if you mean it`;
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Linux reaches what is in an open folder this way, though its path be exchanged by a link.
    const held = `/proc/self/fd/${handle.fd}`;
    const at = existsSync(held) ? held : folder;
    return {
      names: () => readdir(at),
      look: (name) => look(path.join(at, name), name),
      remove: (file) => remove(path.join(at, file.name), file),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    return `${folder} cannot be opened: ${messageOf(error)}`;
  }
}

const stat = (file: string) => lstat(file, { bigint: true }).catch(() => undefined);

async function look(file: string, name: string): Promise<OldFile | undefined> {
  const found = await stat(file);
  // A file that has another name frees nothing when it loses this one.
  if (!found?.isFile() || found.nlink !== 1n) return undefined;
  return { name, inode: found.ino, modifiedMs: Number(found.mtimeMs) };
}

async function remove(file: string, { inode, modifiedMs }: OldFile): Promise<number | undefined> {
  const now = await stat(file);
  if (!now?.isFile() || now.ino !== inode || Number(now.mtimeMs) !== modifiedMs) return undefined;
  await unlink(file);
  // Blocks of 512 bytes, on every file system.
  return Number(now.blocks) * 512;
}

/** The files that may be deleted, oldest first. */
export async function oldFiles(
  folder: OpenFolder,
  { pattern, keep, olderThanMs, now }: { pattern: string; keep: number; olderThanMs: number; now: number },
): Promise<OldFile[]> {
  const matches = matcherOf(pattern);
  const found: OldFile[] = [];
  for (const name of (await folder.names()).filter(matches)) {
    const file = await folder.look(name);
    if (file) found.push(file);
  }
  found.sort((one, other) => one.modifiedMs - other.modifiedMs || (one.name < other.name ? -1 : 1));
  return found
    .slice(0, Math.max(0, found.length - keep))
    .filter((file) => now - file.modifiedMs >= olderThanMs);
}

/** `*` stands for any characters, `?` for one, everything else for itself; hidden files only where the dot is written. */
function matcherOf(pattern: string): (name: string) => boolean {
  const source = pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  );
  const expression = new RegExp(`^${source}$`, 's');
  return (name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.'));
}
