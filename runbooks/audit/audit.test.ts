import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { tempFolder } from '../testing/temp-folder.ts';
import { AuditLog, verifyAudit } from './audit.ts';
import { headFile } from './audit-head.ts';

function threeLines() {
  const temp = tempFolder();
  const file = temp.file('audit.ndjson');
  using audit = new AuditLog(file, systemClock);
  for (const run of [1, 2, 3]) audit.append('run.started', { run, label: '<b>"\'; DROP', gone: undefined });
  return { file, [Symbol.dispose]: temp[Symbol.dispose] };
}

const edit = (file: string, change: (lines: string[]) => string[]) =>
  writeFileSync(file, change(readFileSync(file, 'utf8').split('\n')).join('\n'));

test('An audit log that nobody touched is in order, over restarts of its writer.', () => {
  using it = threeLines();
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 3 });
  using again = new AuditLog(it.file, systemClock);
  again.append('run.finished', {});
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 4 });
});

test('No log yet is in order and has no entries.', () => {
  using temp = tempFolder();
  expect(verifyAudit(temp.file('none'))).toMatchObject({ ok: true, entries: 0 });
  expect(existsSync(headFile(temp.file('none')))).toBe(false);
});

test.for<[string, (lines: string[]) => string[], number]>([
  ['changed value', ([a = '', b = '', ...rest]) => [a, b.replace('"run":2', '"run":9'), ...rest], 2],
  [
    'key written twice',
    ([a = '', b = '', ...rest]) => [a, b.replace('"run":2', '"run":9,"run":2'), ...rest],
    2,
  ],
  ['space put in', ([a = '', b = '', ...rest]) => [a, b.replace('"data":', '"data": '), ...rest], 2],
  ['line taken out', ([a = '', _, ...rest]) => [a, ...rest], 2],
  ['line put in twice', ([a = '', ...rest]) => [a, a, ...rest], 2],
  ['line exchanged', ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest], 2],
  ['line of nonsense', ([a = '', ...rest]) => [a, 'nonsense', ...rest], 2],
  ['last line cut off', ([a = '', b = '']) => [a, b, ''], 2],
  ['all lines cut off', () => [''], 0],
])('A %s is found.', ([, change, line]) => {
  using it = threeLines();
  edit(it.file, change);
  expect(verifyAudit(it.file)).toMatchObject({ ok: false, line });
});

test('A chain that was forged from the start, hashes and all, does not fit its head.', () => {
  using it = threeLines();
  using other = threeLines();
  writeFileSync(it.file, readFileSync(other.file));
  expect(verifyAudit(it.file)).toMatchObject({ ok: false });
});

test('A log that was changed from outside is not written on.', () => {
  using it = threeLines();
  truncateSync(it.file, 10);
  using audit = new AuditLog(it.file, systemClock);
  expect(() => audit.append('run.started', {})).toThrow(/changed from outside/);
  appendFileSync(it.file, `${'x'.repeat(10_000)}\n`);
  expect(() => audit.append('run.started', {})).toThrow(/changed from outside/);
});

test('A log whose head was taken away is not in order.', () => {
  using it = threeLines();
  rmSync(headFile(it.file));
  expect(verifyAudit(it.file)).toMatchObject({ ok: false, problem: expect.stringContaining('missing') });
});

test('What a crash in the middle of a line left is cut away, and the chain goes on.', () => {
  using it = threeLines();
  appendFileSync(it.file, '{"seq":4,"at":"2026');
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 3 });
  using audit = new AuditLog(it.file, systemClock);
  audit.append('run.started', { run: 4 });
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 4 });
});

test('Two writers of one log make one chain.', () => {
  using temp = tempFolder();
  const file = temp.file('audit.ndjson');
  using one = new AuditLog(file, systemClock);
  using two = new AuditLog(file, systemClock);
  for (let round = 0; round < 5; round++) {
    one.append('one', { round });
    two.append('two', { round });
  }
  expect(verifyAudit(file)).toMatchObject({ ok: true, entries: 10 });
});

test('What a crash left unnoted, of one append or of several, is taken over as far as it follows the chain.', () => {
  using it = threeLines();
  const head = readFileSync(headFile(it.file));
  {
    using audit = new AuditLog(it.file, systemClock);
    audit.appendAll([1, 2, 3].map((run) => ({ event: 'run.stored', data: { run } })));
    audit.append('run.started', { run: 1 });
  }
  const whole = readFileSync(it.file, 'utf8');
  writeFileSync(headFile(it.file), head);
  appendFileSync(it.file, '{"seq":8,');
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 7 });
  {
    using audit = new AuditLog(it.file, systemClock);
    audit.append('run.started', { run: 4 });
  }
  expect(verifyAudit(it.file)).toMatchObject({ ok: true, entries: 8 });
  // The control: among the lines that were not noted, one was changed.
  writeFileSync(headFile(it.file), head);
  writeFileSync(it.file, whole.replace('"run":2}', '"run":5}'));
  expect(verifyAudit(it.file)).toMatchObject({ ok: false });
  using audit = new AuditLog(it.file, systemClock);
  expect(() => audit.append('run.started', {})).toThrow(/changed from outside/);
});
