import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import type { Metric } from '../metric.ts';
import type { BrokerNow } from '../queues/broker-reader.ts';
import { queueKey } from '../queues/broker-reader.ts';
import { ManagementReader } from '../queues/rabbitmq-management.ts';
import { PrometheusReader } from '../queues/rabbitmq-prometheus.ts';
import { type Sample, sample } from '../sample.ts';
import { SeriesCache } from '../series-cache.ts';

/** The queues of a broker: what waits in them, who takes it, and what died. */
export const rabbitmq: CollectorKind = forEachTarget(
  'rabbitmq',
  (target, { management, prometheus }, { fetch, clock }): Collector => {
    const reader =
      prometheus === undefined
        ? new ManagementReader(management, fetch, clock)
        : new PrometheusReader(prometheus, fetch);
    const samples = new QueueSamples(target);
    return {
      name: 'queues',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [sample(metrics.queueUp, { target }, 0)],
      async collect(run): Promise<Collected> {
        const now = await reader.read(run);
        return { samples: samples.of(now), ...('failure' in now ? { failure: now.failure } : {}) };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

type QueueLabel = 'target' | 'vhost' | 'queue';

/** The samples of one broker; the text of ten thousand queues is not made anew for each scrape. */
class QueueSamples {
  readonly #target: string;
  readonly #caches = new Map<Metric<QueueLabel>, SeriesCache<QueueLabel>>();

  constructor(target: string) {
    this.#target = target;
  }

  of({ queues, deadLettered }: BrokerNow): Sample[] {
    const samples: Sample[] = [sample(metrics.queueUp, { target: this.#target }, 1)];
    const add = (metric: Metric<QueueLabel>, vhost: string, queue: string, value: number | undefined) => {
      if (value !== undefined) samples.push({ series: this.#series(metric, vhost, queue), value });
    };
    for (const { vhost, name, ...now } of queues) {
      add(metrics.queueReady, vhost, name, now.ready);
      add(metrics.queueUnacked, vhost, name, now.unacked);
      add(metrics.queueConsumers, vhost, name, now.consumers);
      add(metrics.queueAcked, vhost, name, now.acked);
      add(metrics.queueRedelivered, vhost, name, now.redelivered);
      add(metrics.queueOldestMessage, vhost, name, now.oldestMessage);
    }
    for (const { vhost, queue, total } of deadLettered) add(metrics.queueDeadLettered, vhost, queue, total);
    for (const cache of this.#caches.values()) cache.sweep();
    return samples;
  }

  #series(metric: Metric<QueueLabel>, vhost: string, queue: string) {
    const cache = this.#caches.get(metric) ?? new SeriesCache(metric);
    this.#caches.set(metric, cache);
    return cache.of(queueKey(vhost, queue), () => ({ target: this.#target, vhost, queue }));
  }
}
