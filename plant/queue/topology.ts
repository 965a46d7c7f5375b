import type { Channel } from 'rabbitmq-client';

/** Where the MES tells what happened: topic exchange, routing key = topic. */
export const eventsExchange = 'mes.events';
/** Exchange and queue of the messages that nobody could handle. */
export const deadLetters = 'mes.dead-letters';
export const erpQueue = 'erp.operations';
export const wmsQueue = 'wms.moves';
export const operationReportedTopic = 'operation.reported';

const exchanges = [
  { exchange: eventsExchange, type: 'topic', durable: true },
  { exchange: deadLetters, type: 'fanout', durable: true },
];

const durableQueue = (queue: string) => ({
  queue,
  durable: true,
  arguments: { 'x-dead-letter-exchange': deadLetters },
});

/** All exchanges, queues and bindings. */
export const topology = {
  exchanges,
  queues: [durableQueue(erpQueue), durableQueue(wmsQueue), { queue: deadLetters, durable: true }],
  queueBindings: [
    { queue: erpQueue, exchange: eventsExchange, routingKey: operationReportedTopic },
    { queue: wmsQueue, exchange: eventsExchange, routingKey: operationReportedTopic },
    { queue: deadLetters, exchange: deadLetters, routingKey: '' },
  ],
};

/** Each side declares everything, so that no event and no dead letter is lost by who starts first. */
export async function declareTopology(channel: Channel): Promise<void> {
  for (const exchange of topology.exchanges) await channel.exchangeDeclare(exchange);
  for (const queue of topology.queues) await channel.queueDeclare(queue);
  for (const binding of topology.queueBindings) await channel.queueBind(binding);
}
