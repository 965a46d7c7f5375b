import { Worker } from 'node:worker_threads';
import { messageOf } from '../../kit/errors.ts';
import { modulePath } from '../../kit/module-path.ts';
import type { Targets } from '../../kit/targets.ts';
import type { DestinationReport } from './comparison.ts';
import type { FromWorker, WorkerTask } from './comparison-worker.ts';
import type { ComparisonConfig } from './config.ts';

export interface AsideOptions {
  readonly targets: Targets;
  /** Ends the comparison: then it rejects with the reason. */
  readonly signal: AbortSignal;
  /** Told that so many differing records will be looked at once more. */
  readonly onRecheck?: ((records: number) => void) | undefined;
}

/**
 * `compareSystems` in a thread of its own: millions of rows keep no scrape waiting, their memory is bounded whatever V8 would like
 * to take, and it is given back when the comparison is over.
 */
export async function compareAside(
  config: ComparisonConfig,
  { targets, signal, onRecheck }: AsideOptions,
): Promise<DestinationReport[]> {
  signal.throwIfAborted();
  const worker = new Worker(modulePath(import.meta.url, './comparison-worker'), {
    workerData: { config, targets: targetsOf(config, targets) } satisfies WorkerTask,
    resourceLimits: limitsOf(config),
  });
  const { promise, resolve, reject } = Promise.withResolvers<DestinationReport[]>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.on('message', (message: FromWorker) => {
    if ('recheck' in message) onRecheck?.(message.recheck);
    else resolve(message.reports);
  });
  worker.on('error', (error) => resolve(allFailed(config, messageOf(error))));
  worker.on('exit', () => resolve(allFailed(config, 'the comparison ended without a result')));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

/** A young generation this small is tidied up often and stays small; the old one holds no more than the differences that are kept. */
function limitsOf({ keep, destinations }: ComparisonConfig): Worker['resourceLimits'] {
  const keptMib = (keep * destinations.length * 2) / 1024; // A kilobyte for each, and each may be found twice.
  return { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 48 + Math.ceil(keptMib) };
}

/** Only the databases that are compared: the others' addresses are no business of that thread. */
function targetsOf({ source, destinations }: ComparisonConfig, targets: Targets): Targets {
  const names = new Set([source, ...destinations].map(({ target }) => target));
  return Object.fromEntries(Object.entries(targets).filter(([name]) => names.has(name)));
}

const allFailed = ({ destinations }: ComparisonConfig, failure: string): DestinationReport[] =>
  destinations.map(({ system }) => ({ destination: system, failure }));
