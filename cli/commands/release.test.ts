import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { routerToken, startTestRouter, type TestRouter } from '../../plant/testing/fake-versions.ts';
import { verifyAudit } from '../../runbooks/audit/audit.ts';
import { runCli } from '../testing/run-cli.ts';

let plant: TestRouter;
let cwd: string;
beforeEach(async () => {
  plant = await startTestRouter();
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-release-cli-'));
  mkdirSync(path.join(cwd, 'config'));
  writeFileSync(path.join(cwd, 'config', 'mes.yaml'), 'one');
  configure();
});
afterEach(async () => {
  await plant[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

const audit = () => path.join(cwd, 'audit.ndjson');
function configure(releases: object | null = { target: 'mes-release', snapshots: ['mes-config'] }) {
  const config = {
    targets: {
      'mes-release': { kind: 'release', control: plant.router.control, token: routerToken },
      mes: { kind: 'mes', url: plant.router.url, database: 'mes-db' },
      'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1:9/mes' },
    },
    runbooks: {
      token: 'a-token-of-some-length',
      store: path.join(cwd, 'runbooks.sqlite'),
      audit: audit(),
      snapshots: { 'mes-config': { folder: path.join(cwd, 'config'), store: path.join(cwd, 'snapshots') } },
      ...(releases === null ? {} : { releases }),
    },
  };
  writeFileSync(path.join(cwd, 'andon.yaml'), stringify(config));
}
const andon = (...args: string[]) => runCli(cwd, 'release', ...args);
const events = () =>
  readFileSync(audit(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);

test('A release is started, looked at, promoted and rolled back from the command line, and the audit log has it all.', async () => {
  const started = await andon('start', '2.0', '--canary', '20%', '--watch', '2h', '--min-samples', '50');
  expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining('canary') });
  expect(started.stdout).toContain('andon runbook serve');
  expect((await plant.state()).candidate).toMatchObject({ version: '2.0', share: 0.2 });
  const status = await andon('status');
  expect(status.stdout).toContain('everybody gets stable, 20 % get 2.0');
  expect(status.stdout).toMatch(/for 2h, until .* and 50 requests/);
  expect(status.stdout).toMatch(/goes back to snapshot \d{8}T.* of mes-config/);
  expect(await andon('promote')).toMatchObject({ code: 0, stdout: expect.stringContaining('promoted') });
  expect((await plant.state()).stable.version).toBe('2.0');
  writeFileSync(path.join(cwd, 'config', 'mes.yaml'), 'two');
  expect(await andon('rollback')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('rolled back by'),
  });
  expect((await plant.state()).stable.version).toBe('stable');
  expect(readFileSync(path.join(cwd, 'config', 'mes.yaml'), 'utf8')).toBe('one');
  const { stdout } = await runCli(cwd, '--json', 'release', 'list');
  expect(JSON.parse(stdout)).toMatchObject({ version: '2.0', state: 'checking' });
  expect(events()).toEqual(['release.snapshot', 'release.canary', 'release.promoted', 'release.rolled_back']);
  expect(verifyAudit(audit()).ok).toBe(true);
});

test('What cannot be released ends with 3, and what is written wrongly with 2; nothing is on trial then.', async () => {
  rmSync(path.join(cwd, 'config'), { recursive: true });
  expect(await andon('start', '2.0')).toMatchObject({ code: 3, stdout: expect.stringContaining('snapshot') });
  expect(events()).toEqual(['release.failed']);
  for (const args of [
    ['start', '2.0', '--canary', '0%'],
    ['start', '2.0', '--watch', 'long'],
    ['start', '2.0', '--min-samples', '5'],
    ['start', '../2.0'],
    ['start', '2.0', '--target', 'mes'],
    ['start', '2.0', '--snapshot', 'mes-confg'],
    ['start'],
    ['promote'],
  ])
    expect(await andon(...args), args.join(' ')).toMatchObject({ code: 2 });
  expect((await plant.state()).candidate).toBeNull();
});

test('A configuration that names no router, the wrong target or no snapshot set is told where.', async () => {
  configure({ target: 'mes', snapshots: ['nothing'] });
  const wrong = await andon('status');
  expect(wrong.stderr).toContain('"mes" is of kind mes, not release');
  expect(wrong.stderr).toContain('no snapshot set is called "nothing"');
  configure(null);
  expect(await andon('status')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('releases: {target'),
  });
});

test('The status of a router that cannot be asked says so.', async () => {
  await plant[Symbol.asyncDispose]();
  expect((await andon('status')).stdout).toContain('the router cannot be asked');
});
