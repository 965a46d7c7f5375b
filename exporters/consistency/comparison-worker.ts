import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../kit/clock.ts';
import type { Targets } from '../../kit/targets.ts';
import { compareSystems, type DestinationReport } from './comparison.ts';
import type { ComparisonConfig } from './config.ts';

/** What the thread is given: already checked, as it stands in andon.yaml. */
export interface WorkerTask {
  readonly config: ComparisonConfig;
  readonly targets: Targets;
}

/** What it tells: that it will look at some records once more, and in the end what it found. */
export type FromWorker = { readonly recheck: number } | { readonly reports: DestinationReport[] };

const tell = (message: FromWorker): void => parentPort?.postMessage(message);

const { config, targets } = workerData as WorkerTask;
const reports = await compareSystems(config, {
  targets,
  clock: systemClock,
  // The thread is ended from outside.
  signal: new AbortController().signal,
  onRecheck: (records) => tell({ recheck: records }),
});
tell({ reports });
