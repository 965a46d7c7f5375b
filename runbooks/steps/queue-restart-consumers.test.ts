import { ConsumerStatus } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erpQueue, wmsQueue } from '../../plant/queue/topology.ts';
import { type Broker, type Plant, startBroker, until } from '../testing/broker.ts';
import { stepWorld } from '../testing/step-world.ts';
import { queueRestartConsumers } from './queue-restart-consumers.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
}, 120_000);
afterAll(() => broker?.[Symbol.asyncDispose]());

const run = (plant: Plant, wish: object = {}, changes = {}) =>
  queueRestartConsumers.run(
    queueRestartConsumers.params.parse({ queue: erpQueue, ...wish }),
    stepWorld({ 'mes-queue': plant.target }, changes),
    AbortSignal.timeout(60_000),
  );

describe.concurrent('The consumers of a queue', () => {
  test('are cut off and come back over other connections; those of other queues are left alone', async () => {
    const plant = await broker.plant('back');
    let hangs = true;
    let connections = 0;
    const taken: string[] = [];
    const consumer = await plant.consume(erpQueue, ({ body }) => {
      taken.push(JSON.stringify(body));
      return ConsumerStatus.ACK;
    });
    consumer.on('connection', () => {
      connections++;
      hangs = false;
    });
    const other = await plant.consume(wmsQueue, () => ConsumerStatus.ACK);
    let otherConnections = 0;
    other.on('connection', () => otherConnections++);
    const result = await run(plant);
    expect(result).toMatchObject({
      outcome: 'succeeded',
      touched: 1,
      details: { before: 1, back: 1, closed: [expect.stringContaining('127.0.0.1')] },
    });
    expect([hangs, connections, otherConnections]).toEqual([false, 1, 0]);
    await plant.send(erpQueue, '{"n":1}');
    await until('the message', () => taken.length === 1);
  });

  test('that do not come back are told, with what to do', async () => {
    const plant = await broker.plant('gone');
    const consumer = await plant.consume(erpQueue, () => ConsumerStatus.ACK);
    consumer.on('error', () => consumer.unsafeDestroy());
    expect(await run(plant, { back_within: '2s' })).toMatchObject({
      outcome: 'failed',
      touched: 1,
      summary: expect.stringContaining('restart the program that consumes it'),
      details: { before: 1, back: 0 },
    });
  });

  test('need not all come back where fewer are asked for, and where more are asked for one is too few', async () => {
    const plant = await broker.plant('fewer');
    const hung = await plant.consume(erpQueue, () => ConsumerStatus.ACK);
    hung.on('error', () => hung.unsafeDestroy());
    await plant.consume(erpQueue, () => ConsumerStatus.ACK);
    await until('both', async () => {
      const { consumerCount } = await plant.channel.queueDeclare({ queue: erpQueue, passive: true });
      return consumerCount === 2;
    });
    expect(await run(plant, { at_least: 1 })).toMatchObject({
      outcome: 'succeeded',
      touched: 2,
      details: { before: 2, back: 1 },
    });
    expect(await run(plant, { at_least: 2, back_within: '10s' })).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('1 of its 1 consumers were back within 10 s, and 2 must be'),
    });
    // As before: all are waited for, and one is enough in the end.
    expect(await run(plant, { back_within: '10s' })).toMatchObject({ outcome: 'succeeded' });
  });

  test('that are none cannot be cut off: nothing is touched', async () => {
    const plant = await broker.plant('none');
    expect(await run(plant)).toMatchObject({
      outcome: 'failed',
      touched: 0,
      summary: expect.stringContaining('restart the program that consumes it'),
    });
    expect(await run(plant, { queue: 'epr' })).toMatchObject({ outcome: 'failed', touched: 0 });
  });

  test('that RabbitMQ has not listed yet are left alone', async () => {
    const plant = await broker.plant('unlisted');
    const consumer = await plant.consume(erpQueue, () => ConsumerStatus.ACK);
    let connections = 0;
    consumer.on('connection', () => connections++);
    const none: typeof fetch = async (input, init) =>
      String(input).includes('/api/consumers') ? Response.json([]) : fetch(input, init);
    expect(await run(plant, {}, { fetch: none })).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(connections).toBe(0);
  });
});

test('The plan says whose connections are closed; closing is not repeated by itself.', () => {
  const target = {
    kind: 'rabbitmq',
    url: 'amqp://mes:hidden@10.0.0.5',
    management: 'http://a:hidden@10.0.0.5',
  };
  const wish = queueRestartConsumers.params.parse({ queue: erpQueue });
  const [effect] = queueRestartConsumers.plan(wish, stepWorld({ 'mes-queue': target }));
  expect(effect?.does).toContain('close every connection that consumes erp.operations');
  expect(effect?.does).toContain('until as many consumers are back');
  const [less] = queueRestartConsumers.plan({ ...wish, at_least: 1 }, stepWorld({ 'mes-queue': target }));
  expect(less?.does).toContain('until 1 consumer is back');
  expect(JSON.stringify(effect)).not.toContain('hidden');
  expect(queueRestartConsumers.repeatable(wish)).toBe(false);
});
