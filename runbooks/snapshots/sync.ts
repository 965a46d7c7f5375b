import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { inParallel } from './in-parallel.ts';

/** Brings a file's content, or a folder's list of names, to the disk, so that a power cut keeps it. */
export async function syncToDisk(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** From so many on one request for the whole file system is sooner done: each file alone waits for the journal. */
const manyFiles = 200;

/** Brings many files or folders of one file system to the disk. */
export async function syncAllToDisk(paths: readonly string[], { together = manyFiles } = {}): Promise<void> {
  const [first] = paths;
  // Node has no syncfs(2); `sync -f` of coreutils is just that. Where it is not, each is brought there by itself.
  if (first !== undefined && paths.length >= together && (await syncFileSystem(first))) return;
  await inParallel(paths, 16, syncToDisk);
}

function syncFileSystem(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', path], { stdio: 'ignore' });
    child.once('error', () => resolve(false)).once('exit', (code) => resolve(code === 0));
  });
}
