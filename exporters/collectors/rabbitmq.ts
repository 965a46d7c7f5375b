import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import { type CollectorKind, forEachTarget } from '../exporter-setup.ts';
import { type QueueNow, queuesNow } from '../rabbitmq-management.ts';
import { type Sample, sample } from '../sample.ts';

/** The queues of a broker: what waits in them and who takes it. */
export const rabbitmq: CollectorKind = forEachTarget(
  'rabbitmq',
  (target, { management }, { fetch }): Collector => {
    return {
      name: 'queues',
      target,
      timeoutMs: collectorTimeoutMs,
      whenSilent: [],
      async collect(run): Promise<Collected> {
        const queues = await queuesNow(management, fetch, run.signal);
        return { samples: queues.flatMap((queue) => queueSamples(target, queue)) };
      },
      [Symbol.dispose]: () => {},
    };
  },
);

function queueSamples(target: string, queue: QueueNow): Sample[] {
  const labels = { target, vhost: queue.vhost, queue: queue.name };
  return [
    ...(queue.ready === undefined ? [] : [sample(metrics.queueReady, labels, queue.ready)]),
    ...(queue.unacked === undefined ? [] : [sample(metrics.queueUnacked, labels, queue.unacked)]),
    sample(metrics.queueConsumers, labels, queue.consumers),
    sample(metrics.queueAcked, labels, queue.acked),
    sample(metrics.queueRedelivered, labels, queue.redelivered),
  ];
}
