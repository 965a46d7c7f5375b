import { Worker } from 'node:worker_threads';
import { modulePath } from '../../../kit/module-path.ts';
import type { Burden } from './burden.ts';

/**
 * Keeps processors busy with threads that count; the main thread is left to the lease, and keeps its priority: one that takes only
 * what is left over would hear of its runner's death, and end, too late on a busy computer.
 */
export class CpuBurden implements Burden {
  readonly #before: NodeJS.CpuUsage;

  constructor({ workers, share, nice }: { workers: number; share: number; nice: number }) {
    this.#before = process.cpuUsage();
    const main = modulePath(import.meta.url, './cpu-worker');
    for (let started = 0; started < workers; started++) new Worker(main, { workerData: { share, nice } });
  }

  step(): boolean {
    return false;
  }

  taken(): number {
    const { user, system } = process.cpuUsage(this.#before);
    return Math.round((user + system) / 100_000) / 10;
  }
}
