import { constants, existsSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from './errors.ts';

/** A folder that stays the same one whatever its path leads to meanwhile. */
export interface OpenFolder extends AsyncDisposable {
  /** Where it can be reached while it is open. */
  readonly at: string;
  /** Where the file of that name can be reached while it is open. */
  file(name: string): string;
}

/** Opens a folder; the reason, as a sentence, why it cannot be opened or is not the one that was named. */
export async function openFolder(folder: string): Promise<OpenFolder | string> {
  try {
    const real = await realpath(folder);
    if (real !== folder) return `${folder} leads to ${real}: name that one if you mean it`;
    const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // Linux reaches what is in an open folder this way, though its path be exchanged by a link.
    const held = `/proc/self/fd/${handle.fd}`;
    const at = existsSync(held) ? held : folder;
    return {
      at,
      file: (name) => path.join(at, name),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    return `${folder} cannot be opened: ${messageOf(error)}`;
  }
}
