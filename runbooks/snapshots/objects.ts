import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UnavailableError } from '../../kit/errors.ts';
import { changed } from './describe-folder.ts';
import { type CopyRights, workOnFiles } from './file-work.ts';
import { hashText } from './hash-file.ts';
import { inParallel } from './in-parallel.ts';
import { syncAllToDisk } from './sync.ts';

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

  /** Those of the objects that are there and still have the content of their name. */
  async whole(all: readonly string[], signal?: AbortSignal): Promise<ReadonlySet<string>> {
    const unknown = all.filter((sha256) => !this.#whole.has(sha256));
    const found = await workOnFiles(
      unknown.map((sha256) => ({ source: this.file(sha256) })),
      signal,
    );
    for (const [index, sha256] of unknown.entries()) if (found[index] === sha256) this.#whole.add(sha256);
    return this.#whole;
  }

  /** The content of an object, compared with its name; `whose` names it in the error. */
  async content(sha256: string, whose: string): Promise<Buffer> {
    const content = await readFile(this.file(sha256)).catch(() => undefined);
    if (content === undefined || hashText(content) !== sha256) throw damagedObject(whose, sha256);
    return content;
  }

  /** Copies objects to where nothing is yet, and compares what was written with their names. The caller brings it to the disk. */
  async copyOut(
    copies: readonly { sha256: string; to: string; whose: string; gets: CopyRights }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const jobs = copies.map(({ sha256, to, gets }) => ({ source: this.file(sha256), to, gets }));
    const found = await workOnFiles(jobs, signal);
    for (const [index, { sha256, whose }] of copies.entries()) {
      if (found[index] !== sha256) throw damagedObject(whose, sha256);
      this.#whole.add(sha256);
    }
  }

  /**
   * Copies files in (SHA-256 → where they are); on return they are on the disk. A damaged object of the same name is replaced by the
   * good one. All are brought to the disk before the first gets its name, and all names before anybody is told.
   */
  async add(sources: ReadonlyMap<string, string | Uint8Array>, signal?: AbortSignal): Promise<void> {
    const whole = await this.whole([...sources.keys()], signal);
    const missing = [...sources].filter(([sha256]) => !whole.has(sha256));
    const drafts = new Map(
      missing.map(([sha256]) => [sha256, `${this.file(sha256)}.${process.pid}.draft`] as const),
    );
    const folders = new Set([...drafts.values()].map((draft) => path.dirname(draft)));
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await inParallel(drafts.values(), 8, (draft) => rm(draft, { force: true }));
      await writeDrafts(missing, drafts, signal);
      await syncAllToDisk([...drafts.values()]);
      await inParallel(drafts, 8, ([sha256, draft]) => rename(draft, this.file(sha256)));
      // Also the list of folders: the first object of a folder made it.
      await syncAllToDisk(drafts.size === 0 ? [] : [...folders, this.#folder]);
      for (const sha256 of drafts.keys()) this.#whole.add(sha256);
    } catch (error) {
      await inParallel(drafts.values(), 8, (draft) => rm(draft, { force: true }));
      throw error;
    }
  }
}

async function writeDrafts(
  missing: readonly [string, string | Uint8Array][],
  drafts: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const files: { sha256: string; source: string; to: string }[] = [];
  for (const [sha256, source] of missing) {
    const to = drafts.get(sha256) ?? '';
    if (typeof source === 'string') files.push({ sha256, source, to });
    else await writeFile(to, source, { mode: 0o600 });
  }
  const found = await workOnFiles(files, signal);
  for (const [index, { sha256, source }] of files.entries())
    if (found[index] !== sha256) throw changed(source);
}

const damagedObject = (whose: string, sha256: string): UnavailableError =>
  new UnavailableError(
    'snapshot.damaged',
    `the snapshot is damaged: ${whose}: its copy ${sha256} is missing or damaged`,
    {
      mend: 'See what else is: andon snapshot verify SET; then choose another one: andon snapshot list SET. Nothing was changed.',
    },
  );
