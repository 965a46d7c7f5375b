import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { contentOf, keepBytes } from '../../kit/rabbitmq/raw-bodies.ts';
import { deadLetters, erpQueue } from '../../plant/queue/topology.ts';
import { type Broker, type Plant, startBroker, until } from '../testing/broker.ts';
import { cutLine } from '../testing/cut-line.ts';
import { killStep } from '../testing/killed-step.ts';
import { stepWorld } from '../testing/step-world.ts';
import { moveMessages } from './queue/move-messages.ts';
import { queueDrain } from './queue-drain.ts';
import { queueReplay } from './queue-replay.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
}, 120_000);
afterAll(() => broker?.[Symbol.asyncDispose]());

const aside = 'erp.parked';
const run = (plant: Plant, wish: object = {}, signal = AbortSignal.timeout(60_000)) =>
  queueDrain.run(
    queueDrain.params.parse({ queue: erpQueue, to: aside, ...wish }),
    stepWorld({ 'mes-queue': plant.target }),
    signal,
  );
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

describe.concurrent('A queue that is drained', () => {
  test('gives its oldest messages to the parking queue, up to the limit and in their order', async () => {
    const plant = await broker.plant('drained');
    await plant.send(erpQueue, ...numbers(60));
    await until('all', async () => (await plant.depth(erpQueue)) === 60);
    expect(await run(plant, { max: 45 })).toMatchObject({
      outcome: 'succeeded',
      touched: 45,
      summary: '45 messages of erp.operations wait in erp.parked now',
    });
    expect((await plant.takeAll(aside)).map(({ body }) => body)).toEqual(numbers(45));
    expect((await plant.takeAll(erpQueue)).map(({ body }) => body)).toEqual(numbers(60).slice(45));
    expect(await run(plant)).toMatchObject({ outcome: 'succeeded', touched: 0 });
  });

  test('gives them byte for byte with their properties, and without what would make them vanish or multiply', async () => {
    const plant = await broker.plant('bytes');
    const body = Buffer.from('{"quantity": 1.0, "seq": 123456789012345678901234567890}');
    await plant.channel.basicPublish(
      {
        routingKey: erpQueue,
        contentType: 'application/json',
        messageId: 'op-1',
        correlationId: 'c-1',
        timestamp: 1_600_000_000,
        expiration: '3600000',
        userId: 'guest',
        priority: 3,
        type: 'operation',
        headers: { traceparent: '00-1', CC: ['wms.moves'] },
      },
      body,
    );
    await until('the message', async () => (await plant.depth(erpQueue)) === 1);
    await plant.takeAll('wms.moves');
    await run(plant);
    await using session = await openAmqp(plant.target.url, 'test');
    const message = await keepBytes(await session.channel()).basicGet({ queue: aside, noAck: true });
    if (!message) throw new Error('no message');
    expect(contentOf(message)).toEqual({ body, contentType: 'application/json' });
    expect(message).toMatchObject({
      messageId: 'op-1',
      correlationId: 'c-1',
      timestamp: 1_600_000_000,
      priority: 3,
      type: 'operation',
      durable: true,
      headers: {
        traceparent: '00-1',
        'x-andon-cc': ['wms.moves'],
        'x-andon-expiration': '3600000',
        'x-andon-user-id': 'guest',
        'x-andon-operation': 'andon-7-1-do#1',
      },
    });
    expect([message.expiration, message.headers?.CC, await plant.depth('wms.moves')]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  test('stays as it is where the parking queue would lose messages, or where there is no such queue', async () => {
    const plant = await broker.plant('refused');
    await plant.channel.queueDeclare({ queue: aside, durable: true, arguments: { 'x-max-length': 5 } });
    await plant.send(erpQueue, '{}');
    expect(await run(plant)).toMatchObject({ outcome: 'refused', touched: 0 });
    expect(await run(plant, { queue: 'epr' })).toMatchObject({ outcome: 'failed', touched: 0 });
    expect(await plant.depth(erpQueue)).toBe(1);
  });

  test('loses nothing when the step is broken off: what is not aside is in its place', async () => {
    const plant = await broker.plant('aborted');
    await plant.channel.queueDeclare({ queue: aside, durable: true });
    await plant.send(erpQueue, ...numbers(400));
    const stop = new AbortController();
    const running = run(plant, {}, stop.signal);
    running.catch(() => {});
    await until('some', async () => (await plant.depth(aside)) > 30);
    stop.abort(new Error('stopped'));
    await expect(running).rejects.toThrow('stopped');
    await until('all', async () => (await plant.depth(erpQueue)) + (await plant.depth(aside)) === 400);
    const all = [...(await plant.takeAll(aside)), ...(await plant.takeAll(erpQueue))];
    expect(all.map(({ body }) => body)).toEqual(numbers(400));
  });
});

test.each([
  { step: queueDrain, wish: { queue: erpQueue, to: aside, max: 5000 }, from: erpQueue, to: aside },
  { step: queueReplay, wish: { from: deadLetters, max: 5000 }, from: deadLetters, to: erpQueue },
])(
  'Whoever kills $step.kind, no message is lost, and few are there twice.',
  async ({ step, wish, from, to }) => {
    const plant = await broker.plant(`killed-${step.kind}`);
    const count = 400;
    await plant.channel.queueDeclare({ queue: aside, durable: true });
    if (from === deadLetters) await plant.kill(erpQueue, ...numbers(count));
    else await plant.send(from, ...numbers(count));
    await until('all', async () => (await plant.depth(from)) === count);
    // It cannot come to its end before it is killed, however late we look.
    const { port } = new URL(plant.target.url);
    await using line = await cutLine(Number(port), '{"n":300}', 'held');
    const url = plant.target.url.replace(`:${port}/`, `:${line.port}/`);
    const targets = { 'mes-queue': { ...plant.target, url } };
    const moving = () => until('some', async () => (await plant.depth(to)) > 40);
    expect(await killStep(step, { targets, wish }, moving)).toBe(true);
    // The broker gives back what the dead one held.
    await until('all', async () => (await plant.depth(from)) + (await plant.depth(to)) >= count);
    const bodies = [...(await plant.takeAll(from)), ...(await plant.takeAll(to))].map(({ body }) => body);
    expect(new Set(bodies).size).toBe(count);
    expect(bodies.length - count).toBeLessThanOrEqual(20);
  },
  120_000,
);

test('A broker that confirms nothing is told with what may be there twice, and nothing is acknowledged.', async () => {
  const plant = await broker.plant('alarm');
  await plant.send(erpQueue, '{}');
  await until('the message', async () => (await plant.depth(erpQueue)) === 1);
  await using session = await openAmqp(plant.target.url, 'test');
  await plant.channel.queueDeclare({ queue: aside, durable: true });
  // Every limit is over at once.
  const clock = { now: () => 0, sleep: () => setImmediate() };
  const deaf = {
    ...session,
    channel: async () => {
      const channel = await session.channel();
      channel.basicPublish = () => new Promise(() => {});
      return channel;
    },
  };
  const move = { from: erpQueue, most: 5, operation: 'test', verdict: () => ({ to: aside }) };
  const moving = moveMessages(deaf, move, { clock, signal: AbortSignal.timeout(30_000) });
  await expect(moving).rejects.toMatchObject({ code: 'queue.unconfirmed', mend: expect.any(String) });
  await until('the message', async () => (await plant.depth(erpQueue)) === 1);
});
