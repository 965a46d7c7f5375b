import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UnavailableError } from '../../kit/errors.ts';
import { copyHashed, Pieces } from './copy-hashed.ts';
import { changed } from './describe-folder.ts';
import { hashFile, hashText } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';
import { syncAllToDisk } from './sync.ts';

/** Contents of files, each under its SHA-256, so that equal files are kept once. */
export class ObjectStore {
  readonly #folder: string;
  readonly #pieces = new Pieces();
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

  /** The content of an object, compared with its name; `whose` names it in the error. */
  async content(sha256: string, whose: string): Promise<Buffer> {
    const content = await readFile(this.file(sha256)).catch(() => undefined);
    if (content === undefined || hashText(content) !== sha256) throw damagedObject(whose, sha256);
    return content;
  }

  /** Copies an object to where nothing is yet, and compares what was written with its name. The caller brings it to the disk. */
  async copyTo(sha256: string, file: string, whose: string): Promise<void> {
    const found = await copyHashed(this.file(sha256), file, this.#pieces).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    if (found !== sha256) throw damagedObject(whose, sha256);
    this.#whole.add(sha256);
  }

  /**
   * Copies files in (SHA-256 → where they are); on return they are on the disk. A damaged object of the same name is replaced by the
   * good one. All are brought to the disk before the first gets its name, and all names before anybody is told.
   */
  async add(sources: ReadonlyMap<string, string | Uint8Array>, signal?: AbortSignal): Promise<void> {
    const drafts = new Map<string, string>();
    try {
      await inParallel(sources, 8, async ([sha256, source]) => {
        signal?.throwIfAborted();
        if (await this.holds(sha256)) return;
        const draft = `${this.file(sha256)}.${process.pid}.draft`;
        await mkdir(path.dirname(draft), { recursive: true, mode: 0o700 });
        await rm(draft, { force: true });
        drafts.set(sha256, draft);
        if (typeof source !== 'string') await writeFile(draft, source, { mode: 0o600 });
        else if ((await copyHashed(source, draft, this.#pieces)) !== sha256) throw changed(source);
      });
      await syncAllToDisk([...drafts.values()]);
      await inParallel(drafts, 8, ([sha256, draft]) => rename(draft, this.file(sha256)));
      // Also the list of folders: the first object of a folder made it.
      const folders = new Set([...drafts.values()].map((draft) => path.dirname(draft)));
      await syncAllToDisk(drafts.size === 0 ? [] : [...folders, this.#folder]);
      for (const sha256 of drafts.keys()) this.#whole.add(sha256);
    } catch (error) {
      await inParallel(drafts.values(), 8, (draft) => rm(draft, { force: true }));
      throw error;
    }
  }
}

const damagedObject = (whose: string, sha256: string): UnavailableError =>
  new UnavailableError(
    'snapshot.damaged',
    `the snapshot is damaged: ${whose}: its copy ${sha256} is missing or damaged`,
    {
      mend: 'See what else is: andon snapshot verify SET; then choose another one: andon snapshot list SET. Nothing was changed.',
    },
  );
