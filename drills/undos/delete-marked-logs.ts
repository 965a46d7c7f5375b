import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { logFolder, logPattern } from '../../kit/log-files.ts';
import { deleteLog, inFolder, markedLogs, markedName } from '../faults/host/marked-logs.ts';
import type { Reverter, UndoOf } from './reverter.ts';

const schema = z.strictObject({
  kind: z.literal('logs.delete-marked'),
  /** As it was when the files were written: andon.yaml may name another one by now. */
  folder: logFolder,
  pattern: logPattern,
  mark: z.string().startsWith('andon-drill-'),
});

/** Deletes the log files that a drill has written, and sees that none is left. */
export const deleteMarkedLogs: Reverter<UndoOf<typeof schema>> = {
  schema,
  async revert({ folder, ...logs }, _deps, signal) {
    if (await isGone(folder)) return;
    await inFolder(folder, async (place) => {
      // Again, for a runner that was frozen and writes on.
      for (let left = await markedLogs(place, logs); left.length > 0; left = await markedLogs(place, logs))
        for (const name of left) {
          signal.throwIfAborted();
          await deleteLog(place, name);
        }
    });
  },
  byHand({ folder, ...logs }) {
    const first = path.join(folder, markedName(logs, 1) ?? logs.pattern);
    return `Delete ${first} and the files beside it whose names differ only by the number.`;
  },
};

/** A folder that is not there any more, as when its file system was unmounted, has nothing to delete. */
async function isGone(folder: string): Promise<boolean> {
  try {
    await lstat(folder);
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
