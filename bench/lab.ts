import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../kit/log.ts';
import { startLab } from '../lab/lab.ts';
import { measureDrills } from './drills.ts';
import { measureLockCollector } from './lock-collector.ts';
import { plantMemory } from './plant-memory.ts';
import type { Measurement } from './table.ts';

/** How soon a lab is ready, what drills and plant take, and whether the lock collector notices a lock. */
export async function measureLab(): Promise<Measurement[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-bench-'));
  const dir = path.join(folder, '.andon', 'lab');
  const bin = fileURLToPath(new URL('../cli/bin.ts', import.meta.url));
  const self = { command: process.execPath, args: [bin] };
  const { signal } = new AbortController();
  const start = () => startLab({ dir, self, env: process.env, weaken: [], log: silentLog, signal });
  try {
    // The first one warms the caches.
    await (await start())[Symbol.asyncDispose]();
    const from = performance.now();
    await using lab = await start();
    const readyInSeconds = (performance.now() - from) / 1000;
    const memory = plantMemory(lab.dir);
    const drills = await measureDrills(folder, self);
    return [
      { what: 'lab ready, warm', value: readyInSeconds, unit: 's', target: 15 },
      ...drills,
      {
        what: 'memory of the plant, highest during the drills',
        value: memory.stop(),
        unit: 'MiB',
        target: 600,
      },
      ...(await measureLockCollector(lab)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
