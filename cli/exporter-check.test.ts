import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeMes, startFakeMes } from '../exporters/testing/fake-mes.ts';
import { freePorts } from '../kit/ports.ts';
import { runCli } from './testing/run-cli.ts';

let fake: FakeMes;
let cwd: string;
beforeAll(async () => {
  fake = await startFakeMes();
  const [nobody = 0] = await freePorts(1);
  cwd = mkdtempSync(path.join(tmpdir(), 'andon-check-'));
  writeFileSync(
    path.join(cwd, 'andon.yaml'),
    `targets:
  mes: {kind: mes, url: '${fake.url}', database: mes-db}
  old: {kind: mes, url: 'http://somebody:s3cret@127.0.0.1:${nobody}', database: mes-db}
  mes-db: {kind: postgres, url: 'postgres://mes:t0psecret@127.0.0.1:${nobody}/mes'}
exporter:
  mappings:
    mes: {file: ./mes.yaml}
    old: {check: /health}
`,
  );
  const pool = `endpoints:
  - name: pool
    path: /-/stats
    rows: pool
    metrics: [{metric: mes_db_pool_waiting_requests, value: waiting}]
`;
  writeFileSync(path.join(cwd, 'mes.yaml'), pool);
  writeFileSync(path.join(cwd, 'wrong.yaml'), pool.replace('waiting_requests', 'waiting'));
});
afterAll(async () => {
  await fake?.[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

const check = (...args: string[]) => runCli(cwd, 'exporter', 'check', ...args);

describe('andon exporter check', () => {
  it('says of each collector whether it works and how many series it has, and ends with 1 when one does not', async () => {
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^collector +target +result +ms +series +reason$/m);
    expect(stdout).toMatch(/^pool +mes +ok +\d+ +1$/m);
    expect(stdout).toMatch(/^mes +old +failed +\d+ +\d+ +fetch failed.*ECONNREFUSED/m);
    expect(stdout).toMatch(/^locks +mes-db +failed +\d+ +1 +.*ECONNREFUSED/m);
    expect(stdout).not.toMatch(/s3cret|t0psecret|mes_up/);
  });

  it('shows the samples of the collectors and targets that are named, and only those; it ends with 0 when they work', async () => {
    const { code, stdout } = await check('pool');
    expect(code).toBe(0);
    expect(stdout).toContain('\nmes_db_pool_waiting_requests{target="mes"} 3\n');
    expect(stdout).not.toMatch(/locks|mes_up/);
    const all = (await check('--verbose')).stdout;
    expect(all).toContain('\nmes_up{target="old"} 0\n');
    expect(all).toContain('\nmes_up{target="mes"} 1\n');
    expect((await check('mes-db')).stdout).toContain('\nmes_db_up{target="mes-db"} 0\n');
  });

  it('writes a line of JSON for each collector', async () => {
    const { code, stdout } = await check('--json', 'pool', 'locks');
    expect(code).toBe(1);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      {
        collector: 'locks',
        target: 'mes-db',
        ok: false,
        reason: expect.stringContaining('ECONNREFUSED'),
        series: 1,
      },
      {
        collector: 'pool',
        ok: true,
        samples: [{ series: 'mes_db_pool_waiting_requests{target="mes"}', value: 3 }],
      },
    ]);
  });

  it('ends with 2 for a collector that is not there, and for a mapping with mistakes, and asks nobody', async () => {
    const unknown = await check('pol');
    expect(unknown).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean "pool"?'),
    });
    const wrong = path.join(cwd, 'wrong-andon.yaml');
    writeFileSync(
      wrong,
      `targets:
  mes: {kind: mes, url: '${fake.url}', database: mes-db}
  mes-db: {kind: postgres, url: 'postgres://127.0.0.1:9/mes'}
exporter: {mappings: {mes: {file: wrong.yaml}}}
`,
    );
    const { code, stderr } = await runCli(cwd, '--config', wrong, 'exporter', 'check');
    expect(code).toBe(2);
    expect(stderr).toContain('wrong.yaml:5:24  endpoints.0.metrics.0.metric: the catalogue has no metric');
    expect((await runCli(cwd, 'exporter', 'chek')).code).toBe(2);
  });
});
