import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../kit/log.ts';
import { startLab } from '../lab/lab.ts';
import { measureDrills } from './drills.ts';
import { measureLockCollector } from './lock-collector.ts';
import { plantMemory } from './plant-memory.ts';
import { type Measurement, printTable } from './table.ts';

/** `npm run bench`: each figure beside its target. Ratios are measured in one run; absolute ones say what machine they need. */
const folder = mkdtempSync(path.join(tmpdir(), 'andon-bench-'));
const dir = path.join(folder, '.andon', 'lab');
const bin = fileURLToPath(new URL('../cli/bin.ts', import.meta.url));
const self = { command: process.execPath, args: [bin] };
const start = () =>
  startLab({ dir, self, env: process.env, weaken: [], log: silentLog, signal: new AbortController().signal });

const results: Measurement[] = [];
try {
  process.stderr.write('bench: a first lab, to warm the caches\n');
  await (await start())[Symbol.asyncDispose]();
  const from = performance.now();
  await using lab = await start();
  results.push({ what: 'lab ready, warm', value: (performance.now() - from) / 1000, unit: 's', target: 15 });
  process.stderr.write('bench: the drills db-lock and load-200\n');
  const memory = plantMemory(lab.dir);
  results.push(...(await measureDrills(folder, self)));
  results.push({
    what: 'memory of the plant, highest during the drills',
    value: memory.stop(),
    unit: 'MiB',
    target: 600,
  });
  process.stderr.write('bench: the lock collector with and without a lock\n');
  results.push(...(await measureLockCollector(lab)));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
printTable(results, process.stdout);
