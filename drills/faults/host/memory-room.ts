import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SizeOrShare } from '../../../kit/size.ts';
import type { Room } from './disk-room.ts';

/** How full the memory is to become. */
export interface MemoryWish {
  /** Share in use, 0 to 1: 1 − MemAvailable / MemTotal. */
  to: number;
  /** What stays available whatever happens. */
  floor: SizeOrShare;
}

/** How far this computer's memory is from its watermark and from its floor; the limit of our own control group counts too. */
export function memoryRoom({ to, floor }: MemoryWish): Room {
  const { total, available } = memoryOfHost();
  const keep = 'bytes' in floor ? floor.bytes : floor.share * total;
  const left = Math.min(available, leftInGroup());
  return { toWatermark: Math.floor(to * total - (total - available)), toFloor: Math.floor(left - keep) };
}

/** Memory of this computer, in bytes (proc(5), meminfo). */
export function memoryOfHost(): { total: number; available: number } {
  const text = readFileSync('/proc/meminfo', 'utf8');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { total: bytes('MemTotal'), available: bytes('MemAvailable') };
}

/** What our control group (version 2), as that of a container or a unit, may still take; without end where it has no limit. */
function leftInGroup(): number {
  try {
    const group = /^0::(.+)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    const read = (file: string) => readFileSync(path.join('/sys/fs/cgroup', group, file), 'utf8');
    const cache = Number(/^inactive_file (\d+)$/m.exec(read('memory.stat'))?.[1] ?? 0);
    const left = Number(read('memory.max')) - Number(read('memory.current')) + cache;
    return Number.isNaN(left) ? Number.POSITIVE_INFINITY : left;
  } catch {
    return Number.POSITIVE_INFINITY; // Version 1, or no control groups.
  }
}
