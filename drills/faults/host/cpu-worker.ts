import os from 'node:os';
import { workerData } from 'node:worker_threads';

/** One thread that is busy for a share of every tenth of a second, until its process ends. */
const { share, nice } = workerData as { share: number; nice: number };
// Of this thread alone: on Linux every thread has a priority of its own (setpriority(2)).
os.setPriority(0, nice);
const roundMs = 100;
const bell = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const begin = performance.now();
  while (performance.now() - begin < share * roundMs);
  if (share < 1) Atomics.wait(bell, 0, 0, (1 - share) * roundMs);
}
