import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { UnavailableError } from '../kit/errors.ts';
import { findK6 } from './find-k6.ts';
import { k6Outcome } from './k6-exit.ts';

it('finds the first k6 on PATH that can be run, and passes over folders and plain files', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'andon-k6-'));
  const folders = ['a', 'b', 'c', 'd'].map((name) => path.join(dir, name));
  for (const folder of folders) mkdirSync(folder);
  mkdirSync(path.join(dir, 'a', 'k6'));
  writeFileSync(path.join(dir, 'b', 'k6'), 'not a program', { mode: 0o644 });
  writeFileSync(path.join(dir, 'c', 'k6'), '#!/bin/sh');
  chmodSync(path.join(dir, 'c', 'k6'), 0o755);
  expect(findK6(['', ...folders].join(path.delimiter))).toBe(path.join(dir, 'c', 'k6'));
  rmSync(dir, { recursive: true });
});

it('says how to get k6 when there is none', () => {
  try {
    findK6('/nowhere');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as UnavailableError).mend).toMatch(/^k6 is missing: run \.\/setup\.sh \(needs Go\), /);
  }
});

it('tells missed limits (99) from a broken test, and both from a load that was stopped', () => {
  expect(k6Outcome(0).kind).toBe('done');
  expect(k6Outcome(99).kind).toBe('limits-missed');
  expect(k6Outcome(105).kind).toBe('stopped');
  expect(k6Outcome(null).kind).toBe('stopped');
  for (const code of [-1, 1, 97, 100, 104, 107, 108, 109, 110]) expect(k6Outcome(code).kind).toBe('broken');
});
