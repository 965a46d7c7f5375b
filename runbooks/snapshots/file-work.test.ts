import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../testing/temp-folder.ts';
import { type FileJob, workOnFiles } from './file-work.ts';

const piece = 256 * 1024;
const sizes = [0, 1, piece - 1, piece, piece + 1, 3 * piece];

/** Files of all sizes, so many that threads are used or not. */
function filesIn(folder: string, count: number): { jobs: FileJob[]; hashes: string[] } {
  mkdirSync(path.join(folder, 'to'));
  const made = Array.from({ length: count }, (_, index) => {
    const content = randomBytes(index < sizes.length ? (sizes[index] ?? 0) : 10);
    const source = path.join(folder, `file-${index}`);
    writeFileSync(source, content);
    return {
      job: { source, to: path.join(folder, 'to', `${index}`) },
      hash: createHash('sha256').update(content).digest('hex'),
    };
  });
  return { jobs: made.map(({ job }) => job), hashes: made.map(({ hash }) => hash) };
}

test.for([10, 500])(
  'Each of %i files is read, copied and hashed, in the order of the jobs.',
  async (count) => {
    using temp = tempFolder();
    const { jobs, hashes } = filesIn(temp.path, count);
    expect(await workOnFiles(jobs)).toEqual(hashes);
    for (const { source, to = '' } of jobs) expect(readFileSync(to).equals(readFileSync(source))).toBe(true);
    expect(await workOnFiles(jobs.map(({ source }) => ({ source })))).toEqual(hashes);
  },
);

test.for([10, 500])(
  'Of %i files one that is not there has no hash; a link, or a copy that is there already, is an error.',
  async (count) => {
    using temp = tempFolder();
    const { jobs, hashes } = filesIn(temp.path, count);
    const sources = jobs.map(({ source }) => ({ source }));
    const missing = sources.with(3, { source: temp.file('nowhere') });
    expect(await workOnFiles(missing)).toEqual(hashes.with(3, undefined as never));
    symlinkSync(temp.file('file-0'), temp.file('link'));
    await expect(workOnFiles(sources.with(4, { source: temp.file('link') }))).rejects.toThrow(/ELOOP/);
    await workOnFiles(jobs.slice(0, 1));
    await expect(workOnFiles(jobs)).rejects.toThrow(/EEXIST/);
  },
);

test.for([10, 500])('Work on %i files that is not wanted any more is not begun.', async (count) => {
  using temp = tempFolder();
  const { jobs } = filesIn(temp.path, count);
  await expect(workOnFiles(jobs, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect(readdirSync(temp.file('to'))).toEqual([]);
});
