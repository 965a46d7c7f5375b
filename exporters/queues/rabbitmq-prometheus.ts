import type { ScrapeRun } from '../collector.ts';
import { type BrokerHttp, brokerHttp } from './broker-http.ts';
import { type BrokerNow, type BrokerReader, type QueueNow, queueKey } from './broker-reader.ts';
import { canaryQueue } from './canary.ts';
import { samplesIn } from './prometheus-text.ts';

/** The figures of a queue by what RabbitMQ calls them. The last three come from the family queue_delivery_metrics of RabbitMQ 4. */
const figures: Readonly<Record<string, Exclude<keyof QueueNow, 'vhost' | 'name'>>> = {
  rabbitmq_detailed_queue_messages_ready: 'ready',
  rabbitmq_detailed_queue_messages_unacked: 'unacked',
  rabbitmq_detailed_queue_consumers: 'consumers',
  rabbitmq_detailed_queue_head_message_timestamp: 'oldestMessage',
  rabbitmq_detailed_queue_messages_acked_total: 'acked',
  rabbitmq_detailed_queue_get_ack_total: 'acked',
  rabbitmq_detailed_queue_messages_redelivered_total: 'redelivered',
};

/** Up to so many queues their head timestamps are asked for: they come with twenty other series of each queue. */
const headsUpTo = 1000;

/**
 * The queues of one node, by its own Prometheus endpoint: at 10,000 queues 0.2 s, where the management API needs several.
 * RabbitMQ 3 does not count there what was acknowledged or redelivered; those figures are then left out.
 */
export class PrometheusReader implements BrokerReader {
  readonly #http: BrokerHttp;
  #queues = 0;

  constructor(address: string, fetchFrom: typeof fetch) {
    this.#http = brokerHttp('the Prometheus endpoint', address, fetchFrom);
  }

  async read(run: ScrapeRun): Promise<BrokerNow> {
    const wanted = ['queue_coarse_metrics', 'queue_consumer_count', 'queue_delivery_metrics'];
    if (this.#queues <= headsUpTo) wanted.push('queue_metrics');
    const path = `/metrics/detailed?${wanted.map((family) => `family=${family}`).join('&')}`;
    const [detailed, global] = await Promise.all([
      run.step(`queues by ${wanted.join(', ')}`, () => this.#http.text(path, run.signal)),
      run.step('dead-lettered messages', () => this.#http.text('/metrics', run.signal)),
    ]);
    const queues = queuesIn(detailed);
    this.#queues = queues.length;
    if (!detailed.includes('rabbitmq_build_info'))
      throw new Error(
        'the Prometheus endpoint is none of a RabbitMQ: it says nothing of rabbitmq_build_info',
      );
    const total = deadLetteredIn(global);
    return { queues, deadLettered: total === undefined ? [] : [{ vhost: '', queue: '', total }] };
  }
}

type Figures = { -readonly [key in keyof QueueNow]: QueueNow[key] };

function queuesIn(text: string): QueueNow[] {
  const queues = new Map<string, Figures>();
  for (const { name, labels, value } of samplesIn(text, (name) => name in figures)) {
    const { vhost = '', queue = '' } = labels;
    const figure = figures[name];
    // NaN stands for "no message".
    if (figure === undefined || isPassing(queue) || Number.isNaN(value)) continue;
    const key = queueKey(vhost, queue);
    const now = queues.get(key) ?? unknownQueue(vhost, queue);
    now[figure] = (now[figure] ?? 0) + value;
    queues.set(key, now);
  }
  for (const queue of queues.values()) if (queue.ready === 0) queue.oldestMessage = undefined;
  return [...queues.values()];
}

/** This endpoint does not say which queues come and go with one client: those whose name the broker has made up do, and a canary's. */
const isPassing = (queue: string): boolean =>
  queue.startsWith('amq.gen-') || queue.startsWith(`${canaryQueue}.`);

const unknownQueue = (vhost: string, name: string): Figures => ({
  vhost,
  name,
  ready: undefined,
  unacked: undefined,
  consumers: undefined,
  acked: undefined,
  redelivered: undefined,
  oldestMessage: undefined,
});

const deadLettered = /^rabbitmq_global_messages_dead_lettered_(?!confirmed).*_total$/;

/** Counted by the broker for each reason, but for no queue; without those for which no exchange was named: they were dropped. */
function deadLetteredIn(text: string): number | undefined {
  let total: number | undefined;
  for (const { labels, value } of samplesIn(text, (name) => deadLettered.test(name)))
    if (labels.dead_letter_strategy !== 'disabled') total = (total ?? 0) + value;
  return total;
}
