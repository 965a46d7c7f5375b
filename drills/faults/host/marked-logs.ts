import { readdir, unlink } from 'node:fs/promises';
import { UnavailableError } from '../../../kit/errors.ts';
import { type OpenFolder, openFolder } from '../../../kit/open-folder.ts';

/** What stands between a run's name and the number of a file. No name of a run has it. */
const divider = '~';

/** The log files of one run. */
export interface MarkedLogs {
  /** As the target names its logs. */
  pattern: string;
  /** The name of the run. */
  mark: string;
}

/** What the names of a run's files begin and end with; undefined where the pattern has no `*` that could stand for the mark. */
function aroundNumber({ pattern, mark }: MarkedLogs): { before: string; after: string } | undefined {
  const [begin, ...rest] = pattern.replaceAll('?', '_').split('*');
  return rest.length === 0 ? undefined : { before: `${begin}${mark}${divider}`, after: rest.join('') };
}

/** A name that the pattern matches and that says whose file it is: `mes-*.log` → `mes-andon-drill-RUN~7.log`. */
export function markedName(logs: MarkedLogs, number: number): string | undefined {
  const around = aroundNumber(logs);
  return around && `${around.before}${number}${around.after}`;
}

/** The run's files that are there: regular ones directly in the folder, and only names that `markedName` gives. */
export async function markedLogs(folder: OpenFolder, logs: MarkedLogs): Promise<string[]> {
  const around = aroundNumber(logs);
  if (!around) return [];
  const { before, after } = around;
  const entries = await readdir(folder.at, { withFileTypes: true });
  const isOurs = (name: string) =>
    name.startsWith(before) &&
    name.endsWith(after) &&
    /^\d+$/.test(name.slice(before.length, name.length - after.length));
  return entries.filter((entry) => entry.isFile() && isOurs(entry.name)).map(({ name }) => name);
}

/** Whatever has the mark of a run, or of any, in its name, also what somebody has made of it: for a survey. */
export async function bearingMark(folder: OpenFolder, mark: string | undefined): Promise<string[]> {
  const needle = mark === undefined ? 'andon-drill-' : `${mark}${divider}`;
  return (await readdir(folder.at)).filter((name) => name.includes(needle)).toSorted();
}

/** Deletes one; that somebody else was first is just as well. A link in its place would go itself, not what it leads to. */
export async function deleteLog(folder: OpenFolder, name: string): Promise<void> {
  try {
    await unlink(folder.file(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Does some work in a folder that stays the same one meanwhile; throws UnavailableError where it cannot be opened. */
export async function inFolder<T>(folder: string, work: (folder: OpenFolder) => Promise<T>): Promise<T> {
  const opened = await openFolder(folder);
  if (typeof opened === 'string')
    throw new UnavailableError('logs.folder', opened, {
      mend: 'Make the folder, or name another one: targets: NAME: logs: { folder, pattern } in andon.yaml.',
    });
  await using place = opened;
  return await work(place);
}
