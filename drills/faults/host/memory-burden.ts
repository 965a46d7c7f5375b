import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Burden } from './burden.ts';
import { mayTake } from './disk-room.ts';
import { type MemoryWish, memoryRoom } from './memory-room.ts';

/** A few milliseconds of work, and little beside any floor. */
const chunkBytes = 16 * 2 ** 20;
/** The kernel takes the process with the highest score first when memory is out. */
const firstToGo = '1000';

/** Holds memory, page by page, up to a watermark, and gives it back when less than the floor is left for the others. */
export class MemoryBurden implements Burden {
  readonly #wish: MemoryWish;
  /** What it holds at most. */
  readonly #limit: number;
  /** Not zeros: compressed memory would keep those for nothing. */
  readonly #pattern = randomFillSync(Buffer.allocUnsafe(2 ** 16));
  readonly #chunks: ArrayBuffer[] = [];
  #most = 0;

  constructor(wish: MemoryWish, limit: number) {
    this.#wish = wish;
    this.#limit = limit;
    writeFileSync('/proc/self/oom_score_adj', firstToGo);
  }

  step(): boolean {
    const room = memoryRoom(this.#wish);
    if (room.toFloor < 0) return this.#giveBack();
    const bytes = Math.min(mayTake(room), this.#limit - this.#held());
    if (bytes < chunkBytes) return false;
    const chunk = new ArrayBuffer(chunkBytes);
    for (let at = 0; at < chunkBytes; at += this.#pattern.length)
      new Uint8Array(chunk).set(this.#pattern, at);
    this.#chunks.push(chunk);
    this.#most = Math.max(this.#most, this.#held());
    return true;
  }

  taken(): number {
    return this.#most;
  }

  #held(): number {
    return this.#chunks.length * chunkBytes;
  }

  #giveBack(): boolean {
    // The pages go back now, not when the garbage collector comes round.
    this.#chunks.pop()?.transfer(0);
    return this.#chunks.length > 0;
  }
}
