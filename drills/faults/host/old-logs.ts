import { randomFillSync } from 'node:crypto';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { logMatcher } from '../../../kit/log-files.ts';
import type { OpenFolder } from '../../../kit/open-folder.ts';
import { type DiskWish, diskRoom, mayTake } from './disk-room.ts';
import { type MarkedLogs, markedName } from './marked-logs.ts';

/** Small enough that what others write meanwhile is seen before it matters. */
const chunkBytes = 2 ** 20;
/** As a log that is turned once in a while: no two of the same age. */
const apartMs = 60_000;

/** What is written. */
export interface OldLogsWish extends DiskWish {
  /** So many, all of about the same size. */
  files: number;
  /** How long ago the newest of them was written, by its date. */
  age: number;
}

/**
 * Fills a file system up to its watermark with files that look old, each older than the next and all older than what the pattern
 * matches already: whoever deletes the oldest first deletes these. Returns how many bytes were written.
 */
export async function writeOldLogs(
  folder: OpenFolder,
  logs: MarkedLogs,
  wish: OldLogsWish,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<number> {
  const newest = Math.min(now - wish.age, (await oldestIn(folder, logs.pattern)) - apartMs);
  const room = () => mayTake(diskRoom(folder.at, wish));
  const each = Math.ceil(room() / wish.files);
  // Not zeros: a file system may keep those for nothing.
  const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, each))));
  let written = 0;
  for (let number = 1; number <= wish.files && room() > 0; number++) {
    const name = markedName(logs, number);
    if (name === undefined) break;
    // Never one that is there, and never through a link.
    const file = await open(folder.file(name), 'wx', 0o600);
    try {
      written += await fill(file, chunk, { bytes: each, room, signal });
      const modified = (newest - (wish.files - number) * apartMs) / 1000;
      await file.utimes(modified, modified);
    } finally {
      await file.close();
    }
  }
  return written;
}

async function fill(
  file: FileHandle,
  chunk: Buffer,
  { bytes, room, signal }: { bytes: number; room: () => number; signal: AbortSignal },
): Promise<number> {
  let written = 0;
  while (written < bytes) {
    signal.throwIfAborted();
    const next = Math.min(chunk.length, bytes - written, room());
    if (next <= 0) break;
    written += (await file.write(chunk, 0, next)).bytesWritten;
  }
  return written;
}

/** When the oldest of the files was written that the pattern matches; without end where there is none. */
async function oldestIn(folder: OpenFolder, pattern: string): Promise<number> {
  const times = (await readdir(folder.at)).filter(logMatcher(pattern)).map(async (name) => {
    const found = await lstat(folder.file(name)).catch(() => undefined);
    return found?.isFile() ? found.mtimeMs : Number.POSITIVE_INFINITY;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...(await Promise.all(times)));
}
