import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UsageError } from '../../kit/errors.ts';
import { syncToDisk } from './sync.ts';

/*
 * How a folder is exchanged as a whole.
 *
 *   config                         → a link to one of
 *   .config.andon-version-<id>       complete folders, which we never change again
 *   .config.andon-building-<id>      being built; no reader ever gets here
 *   .config.andon-next               the link that is about to become `config`
 *
 * Linux exchanges two directories in one step only by renameat2(RENAME_EXCHANGE), which Node does not have. Replacing
 * a *link* by rename(2) is one step too: at each moment `config` is the old folder or the new one, for every reader
 * and after a crash of the process or of the machine. What is atomic is the resolving of the path: who opens two files
 * by two paths may get one of each version; who wants both of one version opens the folder (or takes its realpath)
 * once. The version before stays, so that nobody loses a file that is being read; older ones go (each was kept as a snapshot when it
 * was left).
 *
 * Versions lie beside the link, not one level deeper, so that `config/../certs` and relative links that lead out of
 * the folder still arrive where they did.
 *
 * A plain directory is adopted at its first rollback: it is renamed to a version, and a link takes its name. Between
 * these two renames, which follow each other at once, the path does not exist: a reader gets ENOENT, never a mixture.
 * Killed just there, the next snapshot command on the folder brings it back (`settle`); by hand it is
 * `mv .config.andon-next config`. It happens once in the life of a folder.
 */

const names = (folder: string) => {
  const beside = (suffix: string) =>
    path.join(path.dirname(folder), `.${path.basename(folder)}.andon-${suffix}`);
  return {
    next: beside('next'),
    version: (id: string) => beside(`version-${id}`),
    building: (id: string) => beside(`building-${id}`),
  };
};

/** Where a new version is built: on the same file system as the folder. */
export const buildingPath = (folder: string, id: string): string => names(folder).building(id);

/** Finishes or clears away what a killed process left behind. The caller holds the set's lock. */
export async function settle(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  if (!existsSync(parent)) return;
  const { next, version, building } = names(folder);
  if (kindOf(next) === 'link') {
    const ours = readlinkSync(next).startsWith(path.basename(version(''))) && existsSync(next);
    if (ours && kindOf(folder) === 'nothing') renameSync(next, folder);
    else rmSync(next);
    await syncToDisk(parent);
  }
  const unfinished = path.basename(building(''));
  for (const name of readdirSync(parent))
    if (name.startsWith(unfinished)) removeTree(path.join(parent, name));
}

/** Makes a finished folder from `buildingPath` the one that readers see, in one step. */
export async function switchTo(folder: string, built: string, id: string): Promise<void> {
  const { next, version } = names(folder);
  if (kindOf(folder) === 'folder') await adopt(folder, id);
  const before = await realpath(folder);
  renameSync(built, version(id));
  symlinkSync(path.basename(version(id)), next);
  renameSync(next, folder);
  await syncToDisk(path.dirname(folder));
  await removeOldVersions(folder, before);
}

/** Removes the versions that are neither live nor the one before. The caller holds the set's lock, and has kept all as snapshots. */
async function removeOldVersions(folder: string, before: string): Promise<void> {
  const parent = path.dirname(folder);
  const prefix = path.basename(names(folder).version(''));
  const stay = [path.basename(await realpath(folder)), path.basename(before)];
  for (const name of readdirSync(parent))
    if (name.startsWith(prefix) && !stay.includes(name)) removeTree(path.join(parent, name));
}

async function adopt(folder: string, id: string): Promise<void> {
  const { next, version } = names(folder);
  const original = version(`before-${id}`);
  symlinkSync(path.basename(original), next);
  await syncToDisk(path.dirname(folder));
  try {
    renameSync(folder, original);
  } catch (error) {
    rmSync(next);
    throw new UsageError('snapshot.immovable', `${folder} cannot be moved aside: ${messageOf(error)}`, {
      mend: 'If it is a mount point, configure a folder inside of it.',
      cause: error,
    });
  }
  renameSync(next, folder);
  await syncToDisk(path.dirname(folder));
}

function kindOf(file: string): 'nothing' | 'link' | 'folder' {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (!stats) return 'nothing';
  return stats.isSymbolicLink() ? 'link' : 'folder';
}

/** Removes a folder that we built, even where the modes it was given forbid writing into it. */
export function removeTree(folder: string): void {
  const open = (directory: string) => {
    chmodSync(directory, 0o700);
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) open(path.join(directory, entry.name));
  };
  if (kindOf(folder) === 'folder') open(folder);
  rmSync(folder, { recursive: true, force: true });
}
