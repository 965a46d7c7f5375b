import type { Stats } from 'node:fs';
import { access, constants, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../../kit/errors.ts';

export type AllowedFile = { program: string; folder: string } | { problem: string };

/** A program that lies directly in the folder and that nobody but root and us can change; or why it is not one. */
export async function allowedFile(scripts: string | undefined, file: string): Promise<AllowedFile> {
  if (scripts === undefined)
    return { problem: 'no folder for scripts is configured: set runbooks.scripts in andon.yaml' };
  try {
    const folder = await realpath(scripts);
    // Where a symbolic link ends is what would be started.
    const program = await realpath(path.join(folder, file));
    if (path.dirname(program) !== folder || path.basename(file) !== file)
      return { problem: `${file} does not lie directly in ${scripts}` };
    const about = await stat(program);
    if (!about.isFile()) return { problem: `${file} is no file` };
    const problem = changeable(await stat(folder), scripts) ?? changeable(about, file);
    if (problem !== undefined) return { problem };
    await access(program, constants.X_OK);
    return { program, folder };
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EACCES') return { problem: `${file} is not executable for us` };
    if (code === 'ENOENT' || code === 'ENOTDIR') return { problem: `${file} is not there` };
    return { problem: messageOf(error) };
  }
}

/** Who can write it can do whatever we can. */
function changeable({ mode, uid }: Stats, what: string): string | undefined {
  if ((mode & constants.S_IWOTH) !== 0) return `everybody may write ${what}: chmod o-w`;
  if (uid !== 0 && uid !== process.getuid?.()) return `${what} belongs to another user (${uid})`;
  return undefined;
}
