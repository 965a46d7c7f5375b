import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findProgram } from './programs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, mode: number): string {
  const file = path.join(folder, name);
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

test('A program is found on PATH under each of its names.', () => {
  const file = put('alertmanager', 0o755);
  const elsewhere = path.join(folder, 'empty');
  expect([file, '/usr/bin/prometheus-alertmanager', '/usr/sbin/prometheus-alertmanager']).toContain(
    findProgram('prometheus-alertmanager', [elsewhere, folder].join(path.delimiter)),
  );
});

test('A missing program is named, with the line that mends it; a file that is no program does not count.', () => {
  put('promtool', 0o644);
  expect(() => findProgram('promtool', folder)).toThrow(
    expect.objectContaining({
      code: 'lab.promtool-missing',
      message: expect.stringContaining('promtool'),
      mend: expect.stringMatching(/\.\/setup\.sh.*apt-get install prometheus/),
    }),
  );
  put('promtool', 0o755);
  expect(findProgram('promtool', folder)).toBe(path.join(folder, 'promtool'));
});
