import { writeSync } from 'node:fs';

/** Writes all of a text, or of bytes: one write may take only a part of it, as on a disk that is filling up. */
export function writeAll(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
