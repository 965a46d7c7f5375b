import { leaseMs } from '../../lease.ts';
import type { Burden } from './burden.ts';
import { type BurnerWish, burnerWishSchema } from './burner-wish.ts';
import { CpuBurden } from './cpu-burden.ts';
import { DiskBurden } from './disk-burden.ts';
import { MemoryBurden } from './memory-burden.ts';

/** How long it works at a stretch, and then leaves the disk and the memory to the others. */
const workMs = 100;
const restMs = 100;

/**
 * The whole life of a burner: it carries its burden until the runner's pipe closes, has been silent for the length of a lease, or
 * the longest time is over. Whatever it has taken, the kernel gives back when it ends.
 */
function burn({ burden: wish, longestMs }: BurnerWish): void {
  const end = () => process.exit();
  const { stdin, stdout } = process;
  stdout.on('error', () => {}); // The runner has gone: the pipe says so too.
  let silence = setTimeout(end, leaseMs);
  setTimeout(end, longestMs);
  stdin.on('data', () => {
    clearTimeout(silence);
    silence = setTimeout(end, leaseMs);
  });
  for (const event of ['end', 'close', 'error']) stdin.once(event, end);
  const burden = burdenOf(wish);
  const say = (words: object) => stdout.write(`${JSON.stringify(words)}\n`);
  say({ ready: true });
  const carry = () => {
    const until = performance.now() + workMs;
    while (burden.step() && performance.now() < until);
    say({ taken: burden.taken() });
    setTimeout(carry, restMs);
  };
  carry();
}

function burdenOf(wish: BurnerWish['burden']): Burden {
  switch (wish.what) {
    case 'cpu':
      return new CpuBurden(wish);
    case 'memory':
      return new MemoryBurden(wish, wish.limit);
    case 'disk':
      return new DiskBurden(wish.folder, wish.name, wish);
  }
}

burn(burnerWishSchema.parse(JSON.parse(process.argv[2] ?? '')));
