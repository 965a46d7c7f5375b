import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs, type ScrapeRun } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import type { KafkaReader } from '../queues/kafka-reader.ts';
import { type Sample, sample } from '../sample.ts';

/** The consumer groups of a Kafka cluster: how far they are behind, and who works in them. */
export const kafka: CollectorKind = forEachTarget('kafka', (target, settings): Collector => {
  let reader: Promise<KafkaReader> | undefined;
  // Its library takes half a second to load, and most plants have no Kafka.
  const load = async () => new (await import('../queues/kafka-reader.ts')).KafkaReader(settings);
  return {
    name: 'queues',
    target,
    timeoutMs: collectorTimeoutMs,
    whenSilent: [sample(metrics.queueUp, { target }, 0)],
    async collect(run: ScrapeRun): Promise<Collected> {
      reader ??= load();
      const { groups, ...rest } = await (await reader).read(run);
      const samples: Sample[] = [sample(metrics.queueUp, { target }, 1)];
      for (const { group, members, lag } of groups) {
        if (members !== undefined)
          samples.push(sample(metrics.queueGroupMembers, { target, group }, members));
        for (const [topic, messages] of lag)
          samples.push(sample(metrics.queueGroupLag, { target, group, topic }, messages));
      }
      return { samples, ...('failure' in rest ? { failure: rest.failure } : {}) };
    },
    [Symbol.dispose]: () => void reader?.then((loaded) => loaded[Symbol.dispose]()),
  };
});
