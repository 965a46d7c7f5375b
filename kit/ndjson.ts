import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeAll } from './write-all.ts';

/** An append-only file of one JSON value a line. `append` returns when the line is on the disk. */
export class NdjsonFile implements Disposable {
  readonly path: string;
  readonly #fd: number;
  readonly #durable: boolean;

  constructor(file: string, options: { durable?: boolean } = {}) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.path = file;
    this.#fd = openSync(file, 'a', 0o600);
    this.#durable = options.durable ?? true;
  }

  append(value: unknown): void {
    writeAll(this.#fd, `${JSON.stringify(value)}\n`);
    if (this.#durable) fsyncSync(this.#fd);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** The values of an NDJSON file. A line that a crash cut short at the end of the file is left out. */
export function readNdjson(file: string): unknown[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch (error) {
      if (index === lines.length - 1) return [];
      throw new Error(`${file} line ${index + 1} is not JSON`, { cause: error });
    }
  });
}
