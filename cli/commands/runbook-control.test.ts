import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import { runCli } from '../testing/run-cli.ts';

let folder: string;
const env = { ANDON_PERSON_TOKEN: 'a-token-of-the-leader' };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'andon-control-'));
  mkdirSync(path.join(folder, 'settings'));
  mkdirSync(path.join(folder, 'own'));
  writeFileSync(path.join(folder, 'settings', 'mes.ini'), 'good');
  writeFileSync(
    path.join(folder, 'own', 'ask-first.yaml'),
    '{id: ask-first, title: Say hello, mode: approve, steps: [{step: notify, with: {title: hello, text: hello}}]}',
  );
  writeFileSync(
    path.join(folder, 'andon.yaml'),
    `runbooks:
  token: a-token-of-some-length
  store: ${folder}/runbooks.sqlite
  audit: ${folder}/audit.ndjson
  folder: ${folder}/own
  people: [{name: 王丽, roles: [leader], token: ${env.ANDON_PERSON_TOKEN}}]
  snapshots: {mes-config: {folder: ${folder}/settings, store: ${folder}/snapshots}}
`,
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const andon = (...args: string[]) => runCli({ cwd: folder, env }, 'runbook', ...args);

test('While runbooks are paused nothing is carried out, by hand neither; resumed, it is.', async () => {
  await runCli(folder, 'snapshot', 'create', 'mes-config');
  writeFileSync(path.join(folder, 'settings', 'mes.ini'), 'bad');
  expect(await andon('pause', '--for', '10m')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^No runbook does anything until .*andon runbook resume\n$/),
  });
  expect(await andon('run', 'rollback-config')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('held by'),
  });
  expect(await andon('resume')).toMatchObject({ code: 0, stdout: 'Runbooks may act again.\n' });
  expect(await andon('resume')).toMatchObject({ code: 0, stdout: 'They were not paused.\n' });
  expect(await andon('run', 'rollback-config')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^succeeded +snapshot.rollback: .*\nsucceeded\n$/),
  });
  const { stdout } = await andon('history');
  expect(stdout.split('\n').map((line) => line.split(/\s+/)[3])).toEqual(['succeeded', 'held', undefined]);
  expect(await andon('history', '2')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1. snapshot.rollback'),
  });
});

test('A pause of no time is refused, and so is a person whom nobody knows.', async () => {
  expect(await andon('pause', '--for', 'ever')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"ever" is not a duration'),
  });
  expect(
    await runCli(
      { cwd: folder, env: { ANDON_PERSON_TOKEN: 'another-token-of-16' } },
      'runbook',
      'approve',
      '1',
    ),
  ).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is not the token of anybody under runbooks.people'),
  });
  expect(await andon('approve', '7')).toMatchObject({ code: 1, stdout: 'refused: nobody is asked that\n' });
  expect(await andon('history', '7')).toMatchObject({ code: 2 });
});

test('Where the mode is approve, a run by hand says that it waits, and goes on when another person agrees.', async () => {
  const run = andon('run', 'ask-first');
  const asked = async () => (await andon('history', '1')).stdout.includes('awaiting-approval');
  await waitFor(asked, { what: 'the question', timeoutMs: 20_000, everyMs: 20 });
  expect(await andon('approve', '1')).toMatchObject({ code: 0, stdout: 'approved by 王丽\n' });
  expect(await run).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('run 1 waits: another person must agree'),
  });
});

test('An audit log that somebody has written into is found, and nothing is carried out over it.', async () => {
  await andon('pause');
  expect(await andon('audit', '--verify')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"ok":true'),
  });
  appendFileSync(path.join(folder, 'audit.ndjson'), '{"seq":2}\n');
  expect(await andon('audit', '--verify')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('"ok":false'),
  });
  expect(await andon('run', 'rollback-config')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('audit'),
  });
});
