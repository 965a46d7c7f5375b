import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { CopyRights } from './file-work.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const pieceBytes = 256 * 1024;
/** Pieces that nobody uses at the moment: making one for each of ten thousand files costs more than reading it. */
export class Pieces {
  readonly #free: Buffer[] = [];

  async with<T>(work: (piece: Buffer) => Promise<T>): Promise<T> {
    const piece = this.#free.pop() ?? Buffer.allocUnsafe(pieceBytes);
    try {
      return await work(piece);
    } finally {
      this.#free.push(piece);
    }
  }
}

/**
 * Copies a file to where nothing is yet, and returns the SHA-256 of the very bytes that were written: to read the copy again would
 * only show the cache. Neither end may be a link.
 */
export async function copyHashed(
  { source, to, gets }: { source: string; to: string; gets?: CopyRights | undefined },
  pieces: Pieces,
): Promise<string> {
  await using from = await open(source, O_RDONLY | O_NOFOLLOW);
  await using copy = await open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  const hash = createHash('sha256');
  return await pieces.with(async (piece) => {
    for (;;) {
      const { bytesRead } = await from.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      const part = piece.subarray(0, bytesRead);
      hash.update(part);
      // writeFile goes on after a short write, from where the handle stands.
      await copy.writeFile(part);
    }
    // The mode last: a change of owner takes set-user bits away.
    if (gets?.owner) await copy.chown(gets.owner.uid, gets.owner.gid);
    if (gets) await copy.chmod(gets.mode);
    return hash.digest('hex');
  });
}
