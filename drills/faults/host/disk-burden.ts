import { randomFillSync } from 'node:crypto';
import { ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Burden } from './burden.ts';
import { type DiskWish, diskRoom, mayTake } from './disk-room.ts';

/** Small enough that what others write meanwhile is seen before it matters. */
const chunkBytes = 2 ** 20;

/**
 * Fills a file system up to its watermark and keeps it there, with a file that has no name any more when its first byte is written:
 * the kernel frees it with this process, however that ends.
 */
export class DiskBurden implements Burden {
  readonly #folder: string;
  readonly #wish: DiskWish;
  readonly #file: number;
  /** Not zeros: a file system may keep those for nothing. */
  readonly #chunk = randomFillSync(Buffer.allocUnsafe(chunkBytes));
  #size = 0;
  #most = 0;
  #refused = false;

  constructor(folder: string, name: string, wish: DiskWish) {
    const file = path.join(folder, `.${name}.${process.pid}`);
    this.#folder = folder;
    this.#wish = wish;
    this.#file = openSync(file, 'wx', 0o600);
    unlinkSync(file);
  }

  step(): boolean {
    const room = diskRoom(this.#folder, this.#wish);
    if (room.toFloor < 0) {
      this.#shrink(-room.toFloor);
      return false;
    }
    const bytes = Math.min(mayTake(room), chunkBytes);
    if (bytes === 0 || this.#refused) return false;
    this.#grow(bytes);
    return true;
  }

  taken(): number {
    return this.#most;
  }

  #grow(bytes: number): void {
    try {
      this.#size += writeSync(this.#file, this.#chunk, 0, bytes, this.#size);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A quota is full before the disk is: what we have is all we get.
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
      this.#refused = true;
      this.#shrink(chunkBytes);
    }
    this.#most = Math.max(this.#most, this.#size);
  }

  #shrink(bytes: number): void {
    this.#size = Math.max(0, this.#size - bytes);
    ftruncateSync(this.#file, this.#size);
  }
}
