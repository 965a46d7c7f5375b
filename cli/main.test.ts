import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './testing/run-cli.ts';

const testdata = (file: string): string => fileURLToPath(new URL(`./testdata/${file}`, import.meta.url));
let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-cli-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** The places that an error names, as `line:column`. */
const places = (stderr: string, file: string): string[] =>
  [...stderr.matchAll(new RegExp(`${path.basename(file)}:(\\d+:\\d+)`, 'g'))].map(([, place]) => place ?? '');

describe('The command line', () => {
  it('names all five mistakes of a drill file with line and column, ends with 2 and touches nothing.', async () => {
    const file = testdata('invalid-drill.yaml');
    const { code, stderr } = await runCli(cwd, 'drill', 'run', file, '--lab');
    expect(code).toBe(2);
    expect(places(stderr, file)).toEqual(['1:5', '3:8', '4:47', '6:13', '7:27']);
    expect(existsSync(path.join(cwd, '.andon'))).toBe(false);
  });

  it('names all six mistakes of a configuration with line and column, ends with 2 and touches nothing.', async () => {
    const file = testdata('invalid-andon.yaml');
    const { code, stderr } = await runCli(cwd, '--config', file, 'drill', 'run', 'db-lock');
    expect(code).toBe(2);
    expect(new Set(places(stderr, file).map((place) => place.split(':')[0]))).toEqual(
      new Set(['2', '3', '4', '5', '6']),
    );
    expect(stderr).toContain('unknown key "databse"');
    expect(existsSync(path.join(cwd, '.andon'))).toBe(false);
  });

  it('ends with 2 and a suggestion when a drill, a weakness or a command is misspelt.', async () => {
    const drill = await runCli(cwd, 'drill', 'run', 'db-lok', '--lab');
    expect(drill).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "db-lock"?') });
    const weakness = await runCli(cwd, 'drill', 'run', 'db-lock', '--lab', '--weaken', 'outbx');
    expect(weakness).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown weakness: outbx') });
    expect((await runCli(cwd, 'dril')).code).toBe(2);
  });

  it('says how to get a plant when there is none, and ends with 2.', async () => {
    const { code, stderr } = await runCli(cwd, 'drill', 'run', 'db-lock');
    expect(code).toBe(2);
    expect(stderr).toContain('andon lab up');
  });

  it('ends with 3 and the line that mends it when a target is unreachable, and nothing was touched.', async () => {
    const config = path.join(cwd, 'andon.yaml');
    writeFileSync(
      config,
      `targets:
  mes: {kind: mes, url: 'http://127.0.0.1:9', database: mes-db}
  mes-db: {kind: postgres, url: 'postgres://127.0.0.1:9/mes', drillable: true}
prometheus: {url: 'http://127.0.0.1:9'}
drills: {listen: '127.0.0.1:0'}
`,
    );
    const { code, stderr } = await runCli(cwd, 'drill', 'run', 'db-lock');
    expect(code).toBe(3);
    expect(stderr).toContain('target mes-db does not answer');
    expect(stderr).toContain('Nothing was touched');
  });

  it('ends with 3 and the line that mends it when programs of the lab are missing.', async () => {
    const { code, stderr } = await runCli({ cwd, path: cwd }, 'drill', 'run', 'db-lock', '--lab');
    expect(code).toBe(3);
    expect(stderr).toMatch(/missing: .*Prometheus, Alertmanager/);
    expect(stderr).toMatch(/Run \.\/setup\.sh, or as root: apt-get install .*rabbitmq-server/);
    expect(existsSync(path.join(cwd, '.andon'))).toBe(false);
  });

  it('lists drills, suites and faults, and shows a drill with its defaults.', async () => {
    const list = await runCli(cwd, 'drill', 'list');
    for (const word of ['db-lock', 'network-cut', 'load-200', 'headline', 'db.lock', 'network.cut'])
      expect(list.stdout).toContain(word);
    const shown = await runCli(cwd, 'drill', 'show', 'db-lock');
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: 'db-lock', runbooks: 'act' });
  });

  it('knows nothing to clean where nothing was ever broken.', async () => {
    expect(await runCli(cwd, 'drill', 'clean')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing to undo'),
    });
  });
});
