import { ConsumerStatus } from 'rabbitmq-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deadLetters, erpQueue } from '../../plant/queue/topology.ts';
import { plantOf } from './queue/testing/erp-bench.ts';
import { type QueueBench, startQueueBench, until } from './queue/testing/queue-bench.ts';
import { queuePoison } from './queue-poison.ts';

let bench: QueueBench;
beforeAll(async () => {
  bench = await startQueueBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

test('Poison that somebody has put aside is over, and is taken back from there; what is of others stays', async () => {
  const plant = await plantOf(bench, 'poison-parked');
  const parked = `${deadLetters}.parked`;
  await plant.consume(erpQueue, () => ConsumerStatus.DROP);
  const injection = await plant.inject(queuePoison, 'p6', { queue: erpQueue });
  await until('the dead letters', async () => (await plant.depth(deadLetters)) === 5);
  let isOver = false;
  void injection.liftedByOthers.then(() => {
    isOver = true;
  });
  await plant.channel.queueDeclare({ queue: parked, durable: true });
  await plant.send(parked, 'put aside before');
  const putAside = async () => {
    const message = await plant.channel.basicGet({ queue: deadLetters });
    if (!message) return;
    const { headers, messageId, contentType, deliveryTag } = message;
    const envelope = { routingKey: parked, durable: true, headers, messageId, contentType };
    await plant.channel.basicPublish(
      Object.fromEntries(Object.entries(envelope).filter(([, value]) => value !== undefined)),
      Buffer.from('poison'),
    );
    plant.channel.basicAck({ deliveryTag });
  };
  for (let count = 1; count <= 4; count++) await putAside();
  await until('four aside', async () => (await plant.depth(parked)) === 5);
  // A look at a queue ends when a busy broker has delivered nothing for a second.
  await until('the count', async () => (await injection.touched()) === 5);
  expect([isOver, await injection.touched()]).toEqual([false, 5]);
  await until('the last', async () => {
    await putAside();
    return (await plant.depth(parked)) === 6;
  });
  expect(await injection.liftedByOthers).toBe('others');
  expect(await injection.touched()).toBe(5);
  await injection[Symbol.asyncDispose]();
  expect([await injection.residue(), await plant.takeAll(parked)]).toEqual([[], ['put aside before']]);
});
