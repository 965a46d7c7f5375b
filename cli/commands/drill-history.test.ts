import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../testing/run-cli.ts';

/** What `andon drill history` calls overdue in a folder with this andon.yaml. */
async function overdueWith(yaml: string | undefined): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  if (yaml !== undefined) writeFileSync(path.join(folder, 'andon.yaml'), yaml);
  const { code, stdout } = await runCli(folder, 'drill', 'history');
  expect(code).toBe(0);
  return stdout;
}

/** The drills of the suite, as they stand in its file. */
function readMonthly(): unknown[] {
  const file = fileURLToPath(new URL('../../drills/catalog/monthly.suite.yaml', import.meta.url));
  return (parse(readFileSync(file, 'utf8')) as { drills: unknown[] }).drills;
}

test('Where nothing was held, every drill of the monthly suite is overdue.', async () => {
  const told = await overdueWith(undefined);
  expect(told).toContain('not passed within 35d; hold them with: andon drill run monthly');
  expect(told.match(/never$/gm)).toHaveLength(readMonthly().length);
});

test('What a plant cannot hold is not overdue there.', async () => {
  const told = await overdueWith(`
targets:
  mes: {kind: mes, url: 'http://127.0.0.1:1', database: mes-db, drillable: true}
  mes-db: {kind: postgres, url: 'postgres://127.0.0.1:1/mes', drillable: true}
drills: {rehearse_every: 7d}
`);
  expect(told).toContain('not passed within 7d; hold them with: andon drill run NAME');
  expect([...told.matchAll(/^ {2}(\S+) +never$/gm)].map(([, name]) => name)).toEqual([
    'db-lock',
    'db-pool-exhaustion',
    'db-deadlocks',
    'load-200',
  ]);
});
