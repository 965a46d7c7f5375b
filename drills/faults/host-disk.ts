import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import { sizeOrShare } from '../../kit/size.ts';
import type { Fault, NamedTarget, Plan } from '../fault.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { burn, burnerEffect } from './host/burner.ts';
import { diskRoom } from './host/disk-room.ts';
import { floorText, room } from './host/room-params.ts';

const params = z.strictObject({
  /** Share of the file system that is to be in use, without what is reserved for root. */
  to: room.to.default(0.92),
  /** What stays free whatever happens: a size, or a share of the whole. */
  floor: sizeOrShare.prefault('3%'),
});
type Params = z.output<typeof params>;

/** Fills a file system up to a watermark and never beyond a floor, as a log that nobody rotates does. */
export const hostDisk: Fault<Params> = {
  kind: 'host.disk',
  summary: 'fills a file system of this computer up to a watermark',
  affects: 'byte',
  params,
  targets: ['host'],
  plan({ to, floor }, target, run, durationMs): Plan {
    const { name } = target;
    const disk = asKind(target.target, name, 'host').disk ?? '(no folder is named)';
    return {
      kind: 'host.disk',
      target: name,
      run,
      effects: [
        `writes a file without a name in ${disk} until ${Math.round(to * 100)} % of its file system are in use, for ${durationMs / 1000} s`,
        `gives space back as soon as less than ${floorText(floor)} is free; the kernel frees all of it with the process that writes`,
        burnerEffect(run),
      ],
      undo: { kind: 'process.end-marked', mark: runName(run) },
      durationMs,
    };
  },
  async demand(params, target) {
    const folder = folderOf(target);
    const { toWatermark, toFloor } = diskRoom(folder, params);
    const why =
      toWatermark <= 0
        ? `${Math.round(params.to * 100)} % of it is in use already`
        : toFloor <= 0
          ? `less than ${floorText(params.floor)} of it is free`
          : undefined;
    if (why !== undefined)
      throw new UnavailableError('host-disk.no-room', `${folder}: ${why}: nothing would be written`, {
        mend: 'Name a higher `to` or a lower `floor`, or free some space.',
      });
  },
  async inject(plan, { to, floor }, target, host, signal) {
    const wish = { what: 'disk', folder: folderOf(target), name: runName(plan.run), to, floor } as const;
    return burn(plan, wish, host, signal);
  },
};

/** The folder that may be filled; throws UnavailableError when there is none or we may not write there. */
function folderOf({ name, target }: NamedTarget): string {
  const { disk } = asKind(target, name, 'host');
  if (disk === undefined)
    throw new UnavailableError('host-disk.no-folder', `target ${name} names no folder that may be filled`, {
      mend: `Name one: targets: ${name}: disk: /a/folder in andon.yaml. A lab has one when root starts it.`,
    });
  try {
    if (!statSync(disk).isDirectory()) throw new Error('it is no folder');
    accessSync(disk, constants.W_OK);
    return disk;
  } catch (cause) {
    throw new UnavailableError('host-disk.folder', `${disk} of target ${name} cannot be written to`, {
      mend: 'Make the folder, or run Andon as a user who may write there.',
      cause,
    });
  }
}
