import { Consumer, type Message, Producer, stringSerializers } from '@platformatic/kafka';
import type { Channel } from 'rabbitmq-client';
import { waitFor } from '../../../kit/wait.ts';
import { canaryExchange } from '../andon-config.ts';
import type { Place } from '../place.ts';
import { brokerProcess, holdStill } from '../processes.ts';
import { ask } from '../prometheus.ts';
import { CannotBeMade, faultOf, type Scenario } from '../scenario.ts';

const stuck: Scenario = {
  name: 'queue-stuck',
  cause: 'the link between WMS and broker is cut with a reset: its consumer is gone, and the line goes on',
  expects: [{ alert: 'MesQueueStuck', labels: { target: 'mes-queue' } }],
  uses: ['mes', 'line-1', 'broker'],
  breaks: [],
  async make(place) {
    const madeAt = Date.now();
    return faultOf(madeAt, await place.cut('wms-queue', 'reset'));
  },
};

/** It ends what every other queue is needed for, so it comes last. */
export const queueDown: Scenario = {
  name: 'queue-down',
  cause: 'the process of the broker hangs (SIGSTOP): it takes connections and answers nothing',
  expects: [{ alert: 'MesQueueDown', labels: { target: 'mes-queue' } }],
  uses: [],
  breaks: ['broker'],
  make: async ({ amqpPort }) => holdStill(brokerProcess(amqpPort)),
};

/** A queue with a consumer that acknowledges one message, then takes others, up to its prefetch, and hangs with them. */
async function hangingConsumer(place: Place, queue: string, prefetchCount: number): Promise<Channel> {
  const channel = await place.broker.acquire();
  await channel.queueDeclare({ queue, durable: true });
  await channel.basicQos({ prefetchCount });
  await channel.basicPublish({ routingKey: queue }, 'taken');
  let taken = 0;
  await channel.basicConsume({ queue }, ({ deliveryTag }) => {
    taken += 1;
    if (taken === 1) channel.basicAck({ deliveryTag });
  });
  const seen = `mes_queue_messages_acked_total{target="mes-queue",queue="${queue}"} > 0`;
  await waitFor(async () => (await ask(place.prometheus, seen)).length > 0, {
    what: `a scrape that has seen the queue ${queue}`,
    timeoutMs: 60_000,
    everyMs: 1000,
  });
  return channel;
}

const hangs = (name: string, alert: string, cause: string, stamped: boolean): Scenario => {
  const queue = `detection.${name}`;
  return {
    name,
    cause,
    expects: [{ alert, labels: { target: 'mes-queue', queue } }],
    uses: ['broker'],
    breaks: [],
    async make(place) {
      const channel = await hangingConsumer(place, queue, 1);
      const madeAt = Date.now();
      const stamp = stamped ? { timestamp: Math.floor(madeAt / 1000) } : {};
      for (let index = 0; index < 4; index += 1)
        await channel.basicPublish({ routingKey: queue, ...stamp }, 'waits');
      return faultOf(madeAt, async () => {
        await channel.queueDelete({ queue });
        await channel.close();
      });
    },
  };
};

const holdsAll: Scenario = {
  name: 'holds-all',
  cause: 'a consumer without a prefetch limit hangs: it takes a message every ten seconds, and none waits',
  expects: [{ alert: 'MesQueueNotDraining', labels: { target: 'mes-queue', queue: 'detection.holds-all' } }],
  uses: ['broker'],
  breaks: [],
  async make(place) {
    const queue = 'detection.holds-all';
    const channel = await hangingConsumer(place, queue, 0);
    const madeAt = Date.now();
    const over = new AbortController();
    const publishing = (async () => {
      while (!over.signal.aborted) {
        await channel.basicPublish({ routingKey: queue }, 'held');
        await place.clock.sleep(10_000, over.signal).catch(() => {});
      }
    })();
    return faultOf(madeAt, async () => {
      over.abort();
      await publishing;
      await channel.queueDelete({ queue });
      await channel.close();
    });
  },
};

const canaryLate: Scenario = {
  name: 'canary-late',
  cause: 'somebody deletes the exchange that probes take through the broker',
  expects: [{ alert: 'MesQueueCanaryLate', labels: { target: 'mes-queue' } }],
  uses: ['broker'],
  breaks: [],
  async make(place) {
    const channel = await place.broker.acquire();
    const declare = () =>
      channel.exchangeDeclare({ exchange: canaryExchange, type: 'direct', durable: true });
    await declare();
    const seen = 'mes_queue_canary_roundtrip_seconds_count{target="mes-queue"} > 2';
    await waitFor(async () => (await ask(place.prometheus, seen)).length > 0, {
      what: 'probes that come back',
      timeoutMs: 60_000,
      everyMs: 1000,
    });
    await channel.exchangeDelete({ exchange: canaryExchange });
    return faultOf(Date.now(), async () => {
      await declare();
      await channel.close();
    });
  },
};

const groupEmpty: Scenario = {
  name: 'group-empty',
  cause: 'the only member of a Kafka consumer group leaves, and messages keep coming',
  expects: [{ alert: 'MesQueueGroupEmpty', labels: { target: 'bus', group: 'detection' } }],
  uses: [],
  breaks: [],
  async make({ kafka, prometheus }) {
    if (typeof kafka === 'string') throw new CannotBeMade(kafka);
    const common = { clientId: 'detection', bootstrapBrokers: [kafka.plain], retries: 50, retryDelay: 200 };
    const producer = new Producer({ ...common, autocreateTopics: true, serializers: stringSerializers });
    const send = () => producer.send({ messages: [{ topic: 'detection', value: 'x' }] });
    await send();
    const consumer = new Consumer({ ...common, groupId: 'detection' });
    const stream = await consumer.consume({ topics: ['detection'], mode: 'earliest', autocommit: false });
    stream.on('error', () => {}).on('data', (message: Message) => void message.commit());
    const seen =
      'mes_queue_group_members{group="detection"} > 0 and on (group) mes_queue_group_lag_messages == 0';
    await waitFor(async () => (await ask(prometheus, seen)).length > 0, {
      what: 'a scrape that has seen the group at work',
      timeoutMs: 90_000,
      everyMs: 1000,
    });
    await stream.close();
    await consumer.close();
    await send();
    return faultOf(Date.now(), () => producer.close());
  },
};

export const slowQueueScenarios: readonly Scenario[] = [
  hangs(
    'not-draining',
    'MesQueueNotDraining',
    'a consumer takes a message and hangs, while others wait behind it',
    false,
  ),
  hangs(
    'message-old',
    'MesQueueMessageOld',
    'a consumer hangs, and a message with the time of its publication waits behind',
    true,
  ),
  holdsAll,
  canaryLate,
];
export const queueScenarios: readonly Scenario[] = [stuck, groupEmpty];
