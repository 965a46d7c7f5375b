import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { waitFor } from '../../../kit/wait.ts';
import { sparkplug } from '../../collectors/sparkplug.ts';
import { collectOnce, type FoundMetrics, TestCollectors } from '../../testing/collect.ts';

/** What andon.yaml would say of a broker, and where its devices are kept. */
export interface SourceOptions {
  broker?: string;
  stateFile?: string;
  [option: string]: unknown;
}

/** The collector of one broker, called plant; with a new file in the folder unless one is given. */
export function sparkplugCollector(
  folder: string,
  { stateFile = path.join(folder, `${randomUUID()}.sqlite`), ...options }: SourceOptions,
): TestCollectors {
  const devices = { state_file: stateFile, sparkplug: [{ name: 'plant', ...options }] };
  return new TestCollectors(sparkplug, { targets: {}, exporter: { devices } });
}

/** Collects until the metrics are as they should be. */
export const until = (
  collectors: TestCollectors,
  what: string,
  holds: (metrics: FoundMetrics) => boolean,
): Promise<FoundMetrics> =>
  waitFor(
    async () => {
      const metrics = await collectOnce(collectors.get());
      return holds(metrics) && metrics;
    },
    { what, timeoutMs: 30_000 },
  );
