import { createHash } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { writeAll } from '../../kit/write-all.ts';
import type { CopyRights, FileJob, FileResult } from './file-work.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const piece = Buffer.allocUnsafe(256 * 1024);

/** As copyHashed and hashFile, in one go. */
function work({ source, to, gets }: FileJob): FileResult {
  const opened: number[] = [];
  try {
    const from = openSync(source, O_RDONLY | O_NOFOLLOW);
    opened.push(from);
    const copy = to === undefined ? undefined : openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    if (copy !== undefined) opened.push(copy);
    const hash = createHash('sha256');
    for (;;) {
      const bytes = readSync(from, piece, 0, piece.length, null);
      if (bytes === 0) {
        if (copy !== undefined && gets) giveRights(copy, gets);
        return hash.digest('hex');
      }
      const part = piece.subarray(0, bytes);
      hash.update(part);
      if (copy !== undefined) writeAll(copy, part);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    for (const file of opened) closeSync(file);
  }
}

/** The mode last: a change of owner takes set-user bits away. */
function giveRights(file: number, { mode, owner }: CopyRights): void {
  if (owner) fchownSync(file, owner.uid, owner.gid);
  fchmodSync(file, mode);
}

parentPort?.on('message', (jobs: FileJob[]) => parentPort?.postMessage(jobs.map(work)));
