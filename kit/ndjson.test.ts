import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NdjsonFile, readNdjson } from './ndjson.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-ndjson-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('An NDJSON file', () => {
  it('gives back what was appended, in order, also to one that was there.', () => {
    const file = path.join(folder, 'deep', 'a.ndjson');
    for (const value of [{ n: 1 }, { n: 2, text: 'line\nbreak' }]) {
      using opened = new NdjsonFile(file);
      opened.append(value);
    }
    expect(readNdjson(file)).toEqual([{ n: 1 }, { n: 2, text: 'line\nbreak' }]);
  });

  it('that a crash cut short is read without its last line.', () => {
    const file = path.join(folder, 'a.ndjson');
    writeFileSync(file, '{"n":1}\n');
    appendFileSync(file, '{"n":2');
    expect(readNdjson(file)).toEqual([{ n: 1 }]);
  });

  it('with a broken line in the middle is refused, with the line.', () => {
    const file = path.join(folder, 'a.ndjson');
    writeFileSync(file, '{"n":1}\n{"n":\n{"n":3}\n');
    expect(() => readNdjson(file)).toThrow(/line 2/);
  });

  it('that is not there is empty.', () => {
    expect(readNdjson(path.join(folder, 'none'))).toEqual([]);
  });
});
