import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { BackgroundComparison } from '../consistency/background.ts';
import type { DestinationReport, Outcome } from '../consistency/comparison.ts';
import type { ComparisonConfig } from '../consistency/config.ts';
import { dimensions } from '../consistency/merge.ts';
import { recordsRoute } from '../consistency/records-route.ts';
import type { CollectorKind } from '../exporter-setup.ts';
import { type Sample, sample } from '../sample.ts';

/** Counts that are older than so many intervals are left out: they tell nothing about now. */
const longestAge = 2;

/**
 * Whether ERP, MES and WMS hold the same. A scrape waits for no comparison: it starts them in the background, publishes what the
 * last one found, and fails when the last one could not be made.
 */
export const consistency: CollectorKind = ({ config, targets, clock }) =>
  config.consistency.map((comparison): Collector => {
    const background = new BackgroundComparison({ config: comparison, targets, clock });
    return {
      name: 'consistency',
      target: comparison.name,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(): Promise<Collected> {
        background.start();
        const { reports } = background;
        const now = clock.now();
        const samples = reports.flatMap((report) => destinationSamples(comparison, report, now));
        const failures = new Set(reports.flatMap(({ failure }) => failure ?? []));
        return failures.size === 0 ? { samples } : { samples, failure: new Error([...failures].join('; ')) };
      },
      routes(router) {
        router.get(`/consistency/${comparison.name}`, recordsRoute(comparison, background));
      },
      [Symbol.dispose]: () => background[Symbol.dispose](),
    };
  });

function destinationSamples(
  { name, source, interval }: ComparisonConfig,
  { destination, outcome }: DestinationReport,
  now: number,
): Sample[] {
  const labels = { target: name, source: source.system, destination };
  const samples = [sample(metrics.consistencyCheckInterval, labels, interval / 1000)];
  if (outcome === undefined) return samples;
  samples.push(sample(metrics.consistencyLastCheck, labels, outcome.finishedAt / 1000));
  if (now - outcome.finishedAt <= longestAge * interval) samples.push(...countSamples(labels, outcome));
  return samples;
}

type Labels = { target: string; source: string; destination: string };

const countSamples = (labels: Labels, { compared, mismatched, unsettled }: Outcome): Sample[] => [
  ...dimensions.flatMap((dimension) => [
    sample(metrics.consistencyCompared, { ...labels, dimension }, compared[dimension]),
    sample(metrics.consistencyMismatched, { ...labels, dimension }, mismatched[dimension]),
  ]),
  sample(metrics.consistencyUnsettled, labels, unsettled),
];
