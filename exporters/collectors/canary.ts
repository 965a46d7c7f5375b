import { metrics } from '../catalogue.ts';
import { type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, targetsOfKind } from '../exporter-setup.ts';
import { Canary, canaryQueue } from '../queues/canary.ts';
import { type Sample, sample } from '../sample.ts';

/** Probes sent through brokers, for those named under `exporter.canary`. They begin with the first scrape. */
export const canary: CollectorKind = ({ config, targets, clock }) =>
  targetsOfKind(targets, 'rabbitmq').flatMap(([target, { url }]): Collector[] => {
    const settings = config.canary[target];
    if (settings === undefined) return [];
    const probes = new Canary(url, settings, clock);
    const labels = { target, vhost: vhostOf(url), queue: canaryQueue };
    return [
      {
        name: 'canary',
        target,
        timeoutMs: collectorTimeoutMs,
        whenSilent: [],
        async collect() {
          probes.start();
          const { roundtrips, pendingSinceMs, problem } = probes.now;
          const samples: Sample[] = [sample(metrics.queueCanaryRoundtrip, labels, roundtrips)];
          if (pendingSinceMs !== undefined)
            samples.push(sample(metrics.queueCanaryPending, labels, pendingSinceMs / 1000));
          return { samples, ...(problem === undefined ? {} : { failure: new Error(problem) }) };
        },
        [Symbol.dispose]: () => probes[Symbol.dispose](),
      },
    ];
  });

/** The virtual host that an AMQP address names by its path. */
const vhostOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
