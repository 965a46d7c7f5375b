import { type StatsFs, statfsSync } from 'node:fs';
import type { SizeOrShare } from '../../../kit/size.ts';

/** How full a file system is to become. */
export interface DiskWish {
  /** Share in use, 0 to 1, as the exporter and `df` reckon it: without what is reserved for root. */
  to: number;
  /** What stays free whatever happens. */
  floor: SizeOrShare;
}

/** What may still be taken of it. */
export interface Room {
  /** Bytes until the watermark; negative beyond it. */
  toWatermark: number;
  /** Bytes until the floor; negative below it. */
  toFloor: number;
}

/** How far a file system is from its watermark and from its floor. */
export function diskRoom(folder: string, { to, floor }: DiskWish): Room {
  const stats = statfsSync(folder);
  const { size, free } = spaceOf(stats);
  // Whole blocks: the last one of a file is taken as a whole.
  const whole = (bytes: number) => Math.floor(bytes / stats.bsize) * stats.bsize;
  const keep = 'bytes' in floor ? floor.bytes : floor.share * size;
  return { toWatermark: whole(to * size - (size - free)), toFloor: whole(free - keep) };
}

/** Size and free bytes of a file system, as the exporter measures them. */
export function spaceOf(stats: StatsFs): { size: number; free: number } {
  const unit = stats.frsize || stats.bsize;
  return { size: unit * stats.blocks, free: unit * stats.bavail };
}

/** How much of its file system is in use, 0 to 1. */
export function usedShare(folder: string): number {
  const { size, free } = spaceOf(statfsSync(folder));
  return 1 - free / size;
}

/** What may be taken now; negative when something must be given back. */
export const mayTake = ({ toWatermark, toFloor }: Room): number =>
  Math.min(Math.max(0, toWatermark), toFloor);
