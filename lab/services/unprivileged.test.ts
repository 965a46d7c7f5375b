import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { unprivilegedRunner } from './unprivileged.ts';

const asRoot = process.getuid?.() === 0;
const env = { PATH: process.env.PATH ?? '' };
/** mkdtemp gives it mode 700, as /root has. */
const folder = mkdtempSync(path.join(tmpdir(), 'andon-unprivileged-'));
const program = path.join(folder, 'program');
writeFileSync(program, '#!/bin/sh\nid -u\n');
chmodSync(program, 0o755);
/** Asks about a file as PostgreSQL asks about its own, with access(2), which looks at the real user. */
const ask = ['-e', 'require("node:fs").accessSync(process.argv[1], 5); console.log("granted")', program];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('What refuses to run as root runs as somebody else, even from a folder that only root may enter.', () => {
  const { prefix, spawnAs } = unprivilegedRunner(program, env);
  const [command = '', ...args] = [...prefix, program];
  const uid = Number(execFileSync(command, args, { env, cwd: '/', ...spawnAs }).toString());
  expect(uid).not.toBe(0);
  expect(uid).toBe(asRoot ? 65_534 : process.getuid?.());
  const [prober = '', ...asked] = [...prefix, process.execPath, ...ask];
  expect(execFileSync(prober, asked, { env, cwd: '/', ...spawnAs }).toString()).toBe('granted\n');
});

test.runIf(asRoot)('A mere change of user would not get into that folder.', () => {
  const nobody = { uid: 65_534, gid: 65_534 };
  expect(() => execFileSync(program, { env, cwd: '/', stdio: 'ignore', ...nobody })).toThrow(/EACCES/);
  const asNobody = [
    '--reuid=65534',
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  // It could run the program then, but the program would be told that it may not.
  expect(() =>
    execFileSync('setpriv', [...asNobody, process.execPath, ...ask], { env, cwd: '/', stdio: 'ignore' }),
  ).toThrow(/Command failed/);
});

test.runIf(asRoot)(
  'Without setpriv, a program that nobody else can reach is refused with what to do.',
  () => {
    expect(() => unprivilegedRunner(program, { PATH: folder })).toThrow(
      expect.objectContaining({ code: 'lab.postgres-root', mend: expect.stringContaining('setpriv') }),
    );
  },
);
