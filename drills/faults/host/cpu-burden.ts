import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { modulePath } from '../../../kit/module-path.ts';
import type { Burden } from './burden.ts';

/** Keeps processors busy with threads that count; the main thread is left to the lease. */
export class CpuBurden implements Burden {
  readonly #before: NodeJS.CpuUsage;

  constructor({ workers, share, nice }: { workers: number; share: number; nice: number }) {
    // Threads inherit it from the one that starts them.
    os.setPriority(0, nice);
    this.#before = process.cpuUsage();
    const main = modulePath(import.meta.url, './cpu-worker');
    for (let started = 0; started < workers; started++) new Worker(main, { workerData: share });
  }

  step(): boolean {
    return false;
  }

  taken(): number {
    const { user, system } = process.cpuUsage(this.#before);
    return Math.round((user + system) / 100_000) / 10;
  }
}
