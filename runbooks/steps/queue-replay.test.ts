import { ConsumerStatus } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadLetters, erpQueue, wmsQueue } from '../../plant/queue/topology.ts';
import { type Broker, type Plant, startBroker, until } from '../testing/broker.ts';
import { stepWorld } from '../testing/step-world.ts';
import { queueReplay } from './queue-replay.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
}, 120_000);
afterAll(() => broker?.[Symbol.asyncDispose]());

const parked = `${deadLetters}.parked`;
const world = (plant: Plant, changes = {}) => stepWorld({ 'mes-queue': plant.target }, changes);
const run = (plant: Plant, wish: object = {}, changes = {}) =>
  queueReplay.run(
    queueReplay.params.parse({ from: deadLetters, ...wish }),
    world(plant, changes),
    AbortSignal.timeout(60_000),
  );
const dead = (plant: Plant, count: number) =>
  until('the dead letters', async () => (await plant.depth(deadLetters)) === count);
/** A consumer that cannot read what holds "bad", as it was and byte for byte. */
const picky = async (plant: Plant, queue: string) => {
  const taken: string[] = [];
  await plant.consume(queue, ({ body }) => {
    const text = Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body);
    if (text.includes('bad')) return ConsumerStatus.DROP;
    taken.push(text);
    return ConsumerStatus.ACK;
  });
  return taken;
};

describe.concurrent('Dead letters', () => {
  test('are replayed to the queue that refused them; what comes back is put aside, byte for byte', async () => {
    const plant = await broker.plant('replay');
    await plant.kill(erpQueue, '{"op": 1}', '{"bad": 1.0', '{"op": 2}');
    await plant.kill(wmsQueue, '{"move": 1}');
    await dead(plant, 4);
    const erp = await picky(plant, erpQueue);
    const wms = await picky(plant, wmsQueue);
    const result = await run(plant, { park: parked });
    expect(result).toMatchObject({
      outcome: 'succeeded',
      touched: 5,
      details: { replayed: 4, cameBack: 1, parked: 1, left: {} },
    });
    await until('the good ones', () => erp.length === 2 && wms.length === 1);
    expect([erp, wms, await plant.depth(deadLetters)]).toEqual([['{"op":1}', '{"op":2}'], ['{"move":1}'], 0]);
    const [aside, ...more] = await plant.takeAll(parked);
    expect([aside?.body, more]).toEqual(['{"bad": 1.0', []]);
    expect(aside?.headers).toMatchObject({
      'x-andon-replayed': 'andon-7-1-do',
      'x-andon-operation': 'andon-7-1-do#1',
      'x-first-death-queue': erpQueue,
    });
  });

  test('that come back are left and counted where no parking queue is named, and never replayed again', async () => {
    const plant = await broker.plant('left');
    await plant.kill(erpQueue, 'bad', 'bad too');
    await dead(plant, 2);
    await picky(plant, erpQueue);
    expect(await run(plant)).toMatchObject({
      outcome: 'failed',
      touched: 2,
      summary: expect.stringContaining('2 of them are still unreadable'),
      details: { replayed: 2, cameBack: 2, left: { 'replayed before, and still unreadable': 2 } },
    });
    expect(await run(plant)).toMatchObject({ outcome: 'failed', touched: 0, details: { replayed: 0 } });
    expect(await plant.depth(deadLetters)).toBe(2);
    expect(await run(plant, { park: parked })).toMatchObject({
      outcome: 'succeeded',
      details: { replayed: 0, parked: 2 },
    });
    expect([await plant.depth(deadLetters), await plant.depth(parked)]).toEqual([0, 2]);
  });

  test('that do not say where they come from, or whose queue is gone, are left with the reason', async () => {
    const plant = await broker.plant('unknown');
    await plant.send(deadLetters, 'thrown in by hand');
    await plant.channel.queueDeclare({
      queue: 'old',
      durable: true,
      arguments: { 'x-dead-letter-exchange': deadLetters },
    });
    await plant.kill('old', 'of an old queue');
    await dead(plant, 2);
    await plant.channel.queueDelete({ queue: 'old' });
    expect(await run(plant, { park: parked })).toMatchObject({
      outcome: 'failed',
      touched: 0,
      details: {
        replayed: 0,
        left: { 'it does not say which queue it comes from': 1, 'there is no queue old': 1 },
      },
    });
    expect((await plant.takeAll(deadLetters)).map(({ body }) => body)).toEqual([
      'thrown in by hand',
      'of an old queue',
    ]);
  });

  test('are replayed up to the limit, oldest first, and all into one queue where one is named', async () => {
    const plant = await broker.plant('limit');
    await plant.kill(erpQueue, ...Array.from({ length: 50 }, (_, index) => `{"n":${index}}`));
    await dead(plant, 50);
    const result = await run(plant, { max: 30, to: wmsQueue, settle: '0s' });
    expect(result).toMatchObject({ outcome: 'succeeded', touched: 30, details: { replayed: 30 } });
    expect((await plant.takeAll(wmsQueue)).map(({ body }) => body)).toEqual(
      Array.from({ length: 30 }, (_, index) => `{"n":${index}}`),
    );
    expect(await plant.depth(deadLetters)).toBe(20);
  });

  test('that are none are no failure: somebody else was quicker', async () => {
    const plant = await broker.plant('none');
    expect(await run(plant)).toMatchObject({ outcome: 'succeeded', touched: 0 });
    expect(await run(plant, { from: 'mes.letters' })).toMatchObject({ outcome: 'failed', touched: 0 });
  });
});

describe.concurrent('A parking queue', () => {
  test('from which messages would vanish is refused, and nothing is moved', async () => {
    const plant = await broker.plant('ttl');
    const args = { 'x-message-ttl': 60_000 };
    await plant.channel.queueDeclare({ queue: parked, durable: true, arguments: args });
    await plant.kill(erpQueue, 'bad');
    await dead(plant, 1);
    expect(await run(plant, { park: parked })).toMatchObject({
      outcome: 'refused',
      touched: 0,
      summary: expect.stringContaining('message-ttl'),
    });
    expect([await plant.depth(deadLetters), await plant.depth(erpQueue)]).toEqual([1, 0]);
  });

  test('has a name by which alerts know it', () => {
    const parse = (wish: object) => queueReplay.params.safeParse({ from: 'dead', ...wish }).success;
    expect([parse({ park: 'dead.parked' }), parse({ park: 'dead.aside' }), parse({ to: 'dead' })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('The plan names the broker without its password, the queues and the limit.', () => {
  const target = {
    kind: 'rabbitmq',
    url: 'amqp://mes:hidden@10.0.0.5',
    management: 'http://a:hidden@10.0.0.5',
  };
  const plan = queueReplay.plan(
    queueReplay.params.parse({ from: deadLetters, park: parked }),
    stepWorld({ 'mes-queue': target }),
  );
  const text = JSON.stringify(plan);
  expect(plan).toHaveLength(2);
  expect(text).toContain('up to 1000 dead letters from mes.dead-letters');
  expect(text).toContain('mes-queue (10.0.0.5:5672)');
  expect(text).not.toContain('hidden');
});
