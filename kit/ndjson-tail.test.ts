import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dropTornLine } from './ndjson-tail.ts';

test('Only what stands after the last newline is taken off, however long it is.', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-tail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'x.ndjson');
  dropTornLine(file);
  const long = 'x'.repeat(200_000);
  const cases = [
    ['', ''],
    ['{}\n', '{}\n'],
    ['{}\n{"a', '{}\n'],
    ['{"a', ''],
    [`{}\n${long}`, '{}\n'],
    [`${long}\n${long}\n`, `${long}\n${long}\n`],
  ] as const;
  for (const [before, after] of cases) {
    writeFileSync(file, before);
    dropTornLine(file);
    expect(readFileSync(file, 'utf8')).toBe(after);
  }
});
