import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../kit/errors.ts';

/** Reads files and remembers what it has read, so that it can be told whether one of them has changed since. */
export class NamedFiles {
  readonly #folder: string;
  readonly #stamps = new Map<string, string>();

  /** Names of files are relative to that folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Its text; throws a sentence that names the file and the reason. A file that cannot be read is remembered too. */
  read(name: string): string {
    const file = path.resolve(this.#folder, name);
    // The stamp comes first: what is written between the two is noticed the next time.
    this.#stamps.set(file, stampOf(file));
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new Error(`${name} cannot be read: ${messageOf(error)}`);
    }
  }

  haveChanged(): boolean {
    return [...this.#stamps].some(([file, stamp]) => stampOf(file) !== stamp);
  }
}

/** What differs after each write, and after another file was put in its place, links followed. */
function stampOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}
