import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** SHA-256 of a file's content, in hexadecimal. Fails on a symlink: what it points to is not part of the folder. */
export async function hashFile(file: string): Promise<string> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** SHA-256 of a text or of bytes, in hexadecimal. */
export const hashText = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex');
