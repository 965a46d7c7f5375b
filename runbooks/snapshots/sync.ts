import { open } from 'node:fs/promises';

/** Brings a file's content, or a folder's list of names, to the disk, so that a power cut keeps it. */
export async function syncToDisk(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
