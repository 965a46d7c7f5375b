import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { changed } from './describe-folder.ts';
import { hashFile, hashText } from './hash-file.ts';
import { syncToDisk } from './sync.ts';

/** Contents of files, each under its SHA-256, so that equal files are kept once. */
export class ObjectStore {
  readonly #folder: string;
  /** What this instance, which lives for one operation under the set's lock, has found whole already. */
  readonly #whole = new Set<string>();

  constructor(store: string) {
    this.#folder = path.join(store, 'objects');
  }

  file(sha256: string): string {
    return path.join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** Whether the object is there and still has the content of its name. */
  async holds(sha256: string): Promise<boolean> {
    if (this.#whole.has(sha256)) return true;
    try {
      const whole = (await hashFile(this.file(sha256))) === sha256;
      if (whole) this.#whole.add(sha256);
      return whole;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** The content of an object, read again and compared with its name. */
  async content(sha256: string): Promise<Buffer> {
    const content = await readFile(this.file(sha256));
    if (hashText(content) !== sha256) throw new Error(`the copy ${sha256} is damaged`);
    return content;
  }

  /** Copies a file in; on return it is on the disk. A damaged object of the same name is replaced by the good one. */
  add(source: string, sha256: string): Promise<void> {
    return this.#put(sha256, source, (draft) => copyFile(source, draft, constants.COPYFILE_FICLONE));
  }

  /** The same for what is no file. */
  addContent(content: Uint8Array, sha256: string): Promise<void> {
    return this.#put(sha256, 'a setting', (draft) => writeFile(draft, content));
  }

  async #put(sha256: string, source: string, write: (draft: string) => Promise<void>): Promise<void> {
    if (await this.holds(sha256)) return;
    const file = this.file(sha256);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}.draft`;
    try {
      await write(draft);
      await chmod(draft, 0o600);
      if ((await hashFile(draft)) !== sha256) throw changed(source);
      await syncToDisk(draft);
      await rename(draft, file);
      await syncToDisk(path.dirname(file));
      this.#whole.add(sha256);
    } finally {
      await rm(draft, { force: true });
    }
  }
}
