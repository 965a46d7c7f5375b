import { accessSync, constants } from 'node:fs';
import { UnavailableError } from '../../../kit/errors.ts';
import type { LogFiles } from '../../../kit/log-files.ts';
import type { NamedTarget } from '../../fault.ts';
import { asKind } from '../../named-target.ts';
import { type DiskWish, diskRoom, usedShare } from './disk-room.ts';
import { inFolder, markedName } from './marked-logs.ts';
import { floorText } from './room-params.ts';

/** What to do about a target that names no logs. */
export const nameLogs = (target: string): string =>
  `Name them: targets: ${target}: logs: { folder: /var/log/mes, pattern: "*.log*" } in andon.yaml. A lab has some when root starts it.`;

/** The logs of the target, in which a drill may put files of its own. Throws UnavailableError. */
export function logsOf({ name, target }: NamedTarget): LogFiles {
  const { logs } = asKind(target, name, 'host');
  if (!logs)
    throw new UnavailableError('host-old-logs.no-logs', `target ${name} names no logs`, {
      mend: nameLogs(name),
    });
  if (markedName({ ...logs, mark: '' }, 1) === undefined)
    throw new UnavailableError('host-old-logs.pattern', `the pattern ${logs.pattern} of ${name} has no *`, {
      mend: `A drill puts its mark there. Name the logs of ${name} by a pattern that has one, as in mes*.log.`,
    });
  return logs;
}

/** Refuses what would touch nothing, or could only be ended by deleting what is not the drill's. Throws UnavailableError. */
export async function demandRoom(
  wish: DiskWish & { lifted_below: number },
  target: NamedTarget,
): Promise<void> {
  const { folder } = logsOf(target);
  const why = await inFolder(folder, async ({ at }) => {
    demandWritable(at, folder);
    const { toWatermark, toFloor } = diskRoom(at, wish);
    // Then others' files would have to go for anything to end.
    if (toWatermark <= 0 || usedShare(at) >= wish.lifted_below)
      return `${Math.round(usedShare(at) * 100)} % of it is in use already`;
    return toFloor <= 0 ? `less than ${floorText(wish.floor)} of it is free` : undefined;
  });
  if (why !== undefined)
    throw new UnavailableError('host-old-logs.no-room', `the file system of ${folder}: ${why}`, {
      mend: 'Free some space, or name a higher `lifted_below` or `to`, or a lower `floor`. Nothing was touched.',
    });
}

function demandWritable(at: string, folder: string): void {
  try {
    accessSync(at, constants.W_OK);
  } catch (cause) {
    throw new UnavailableError('host-old-logs.folder', `${folder} cannot be written to`, {
      mend: 'Run Andon as a user who may write there.',
      cause,
    });
  }
}
