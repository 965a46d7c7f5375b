import { writeSync } from 'node:fs';

/** Writes all of a text: one write may take only a part of it, as on a disk that is filling up. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
