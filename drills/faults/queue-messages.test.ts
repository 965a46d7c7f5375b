import { ConsumerStatus } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { deadLetters, erpQueue, eventsExchange, operationReportedTopic } from '../../plant/queue/topology.ts';
import { revert } from '../undo.ts';
import { erpAtWork, plantOf, report, working } from './queue/testing/erp-bench.ts';
import { type QueueBench, startQueueBench, until, type VirtualHost } from './queue/testing/queue-bench.ts';
import { queueFlood } from './queue-flood.ts';
import { queuePoison } from './queue-poison.ts';

let bench: QueueBench;
let postgres: TestPostgres;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  const servers = await Promise.all([startQueueBench(), startTestPostgres()]);
  [bench, postgres] = servers;
  for (const server of servers) stack.use(server);
});
afterAll(() => stack.disposeAsync());

const body = '{"copy": true}';
const undoOf = (run: string) =>
  ({
    kind: 'rabbitmq.drain-marked',
    target: 'queue',
    exchange: '',
    routingKey: erpQueue,
    mark: `andon-drill-${run}`,
  }) as const;
const deps = (plant: VirtualHost) => ({
  targets: { queue: { ...plant.target, drillable: true, production: false } },
  fetch,
});
const undo = (plant: VirtualHost, run: string) =>
  revert(undoOf(run), deps(plant), AbortSignal.timeout(20_000));
/** A leash that never acts: as if every process of ours had died. */
const noHelp = async () => ({
  pid: 0,
  ended: new Promise<void>(() => {}),
  [Symbol.asyncDispose]: async () => {},
});

describe.concurrent('A flood', () => {
  test('of copies of a real message is booked once by the reference plant', async () => {
    const { plant, performed } = await erpAtWork({ bench, postgres, stack }, 'flood-erp');
    using _line = working(plant);
    await plant.demand(queueFlood, { queue: erpQueue });
    const injection = await plant.inject(queueFlood, 'f1', { queue: erpQueue, rate: 500, most: 300 });
    await until('the flood', async () => (await injection.touched()) === 300);
    await until('the ERP', async () => (await plant.depth(erpQueue)) === 0);
    await injection[Symbol.asyncDispose]();
    await report(plant, 2);
    await until('the next one', async () => (await performed()).includes('U1-2'));
    expect([await performed(), await injection.residue(), await plant.depth(deadLetters)]).toEqual([
      ['U1-1', 'U1-2'],
      [],
      0,
    ]);
  });

  test('piles up where nobody consumes, and is taken back from between messages of others, whose order stays', async () => {
    const plant = await plantOf(bench, 'flood-order');
    await plant.send(erpQueue, 'before-1', 'before-2');
    await plant.send(deadLetters, 'a dead letter');
    const injection = await plant.inject(queueFlood, 'f2', { queue: erpQueue, rate: 1000, most: 1500, body });
    await until('half the flood', async () => (await injection.touched()) > 700);
    await plant.send(erpQueue, 'between-1', 'between-2');
    await until('all of it', async () => (await injection.touched()) === 1500);
    await plant.send(erpQueue, 'after');
    expect([await plant.depth(erpQueue), await injection.residue()]).toEqual([
      1505,
      ['1500 messages of andon-drill-f2 wait in erp.operations'],
    ]);
    await injection[Symbol.asyncDispose]();
    await undo(plant, 'f2');
    expect(await injection.residue()).toEqual([]);
    expect(await plant.takeAll(erpQueue)).toEqual([
      'before-1',
      'before-2',
      'between-1',
      'between-2',
      'after',
    ]);
    expect(await plant.takeAll(deadLetters)).toEqual(['a dead letter']);
  });

  test('that nobody takes back expires into the dead letters, and the undo finds it there', async () => {
    const plant = await plantOf(bench, 'flood-expired');
    await plant.send(deadLetters, 'a dead letter');
    await plant.inject(
      queueFlood,
      'f3',
      { queue: erpQueue, rate: 1000, most: 50, body },
      { durationMs: 100, leash: noHelp },
    );
    await until('the broker', async () => (await plant.depth(deadLetters)) === 51);
    await undo(plant, 'f3');
    expect([await plant.depth(erpQueue), await plant.takeAll(deadLetters)]).toEqual([0, ['a dead letter']]);
  });

  test('stops when the broker has an alarm, and is none where it has one already', async () => {
    const plant = await plantOf(bench, 'flood-alarm');
    const alarm = Response.json([{ name: 'rabbit@plant', mem_alarm: true, disk_free_alarm: false }]);
    const asked: typeof fetch = async (input, init) =>
      String(input).includes('/api/nodes') ? alarm.clone() : fetch(input, init);
    const wish = { queue: erpQueue, body, rate: 100 };
    const injection = await plant.inject(queueFlood, 'f4', wish, { fetch: asked });
    expect(await injection.liftedByOthers).toBe('server');
    await injection[Symbol.asyncDispose]();
    expect([(await injection.touched()) < 1000, await plant.depth(erpQueue)]).toEqual([true, 0]);
    await expect(plant.demand(queueFlood, wish, plant.target, asked)).rejects.toMatchObject({
      code: 'queue.alarm',
      message: 'rabbit@plant has raised its memory alarm',
    });
  });

  test('without a message to copy leaves nothing behind', async () => {
    const plant = await plantOf(bench, 'flood-idle');
    const signal = AbortSignal.timeout(1500);
    await expect(plant.inject(queueFlood, 'f5', { queue: erpQueue }, { signal })).rejects.toThrow();
    const names = ((await (await bench.api('GET', 'queues/flood-idle')).json()) as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(names.toSorted()).toEqual(['erp.operations', 'mes.dead-letters', 'wms.moves']);
    await plant.channel.queueDeclare({ queue: 'unbound', durable: true });
    await expect(plant.demand(queueFlood, { queue: 'unbound' })).rejects.toMatchObject({
      code: 'queue.not-bound',
    });
  });
});

describe.concurrent('Poison', () => {
  test('goes to the dead letters of the reference plant, holds up nothing, and is taken out of them again', async () => {
    const { plant, performed } = await erpAtWork({ bench, postgres, stack }, 'poison-erp');
    await plant.send(deadLetters, 'a dead letter');
    const wish = { exchange: eventsExchange, routing_key: operationReportedTopic };
    await plant.demand(queuePoison, wish);
    const injection = await plant.inject(queuePoison, 'p1', wish);
    await until('the dead letters', async () => (await plant.depth(deadLetters)) === 6);
    await report(plant, 7);
    await until('the next one', async () => (await performed()).includes('U1-7'));
    // A look at a queue ends when a busy broker has delivered nothing for a second.
    await until('the count', async () => (await injection.touched()) === 5);
    expect([await injection.touched(), await injection.touched()]).toEqual([5, 5]);
    expect(await injection.residue()).toHaveLength(2);
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), await plant.takeAll(deadLetters)]).toEqual([[], ['a dead letter']]);
    // Nobody consumes for the WMS here: its poison is gone, the report is not.
    expect(await plant.depth('wms.moves')).toBe(1);
  });

  test('that nobody has had touches nothing, however often one looks', async () => {
    const plant = await plantOf(bench, 'poison-idle');
    const injection = await plant.inject(queuePoison, 'p2', { queue: erpQueue });
    expect([await plant.depth(erpQueue), await injection.touched(), await injection.touched()]).toEqual([
      5, 0, 0,
    ]);
    await injection[Symbol.asyncDispose]();
    expect([await plant.depth(erpQueue), await injection.residue()]).toEqual([0, []]);
  });

  test('that a consumer swallows without a word touches nothing: nothing is proven', async () => {
    const plant = await plantOf(bench, 'poison-swallowed');
    await plant.consume(erpQueue, () => ConsumerStatus.ACK);
    const injection = await plant.inject(queuePoison, 'p3', { queue: erpQueue, count: 2 });
    await until('the consumer', async () => (await plant.depth(erpQueue)) === 0);
    expect(await injection.touched()).toBe(0);
  });

  test('that a consumer gives back again and again is counted, and caught', async () => {
    const plant = await plantOf(bench, 'poison-loop');
    const bodies: unknown[] = [];
    await plant.consume(erpQueue, (message) => {
      bodies.push(message.body);
      return message.headers?.['x-andon-drill'] === undefined ? ConsumerStatus.ACK : ConsumerStatus.REQUEUE;
    });
    const injection = await plant.inject(queuePoison, 'p4', { queue: erpQueue, count: 2, body: 'no {json' });
    await until('the loop', () => bodies.length > 20);
    await until('the count', async () => (await injection.touched()) === 2);
    await injection[Symbol.asyncDispose]();
    expect(await injection.residue()).toEqual([]);
    const loops = bodies.length;
    await plant.send(erpQueue, 'alive');
    await until('life', () => bodies.includes('alive'));
    expect(bodies.length).toBe(loops + 1);
  });
});

describe.concurrent('Messages of a drill', () => {
  test.each([
    ['max', { 'x-max-length': 10 }, 'maximum length'],
    ['quorum', { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 }, 'number of deliveries'],
    ['stream', { 'x-queue-type': 'stream' }, 'stream'],
  ] as const)(
    'are not sent where they could not be taken back or would push others out: %s',
    async (queue, args, why) => {
      const plant = await bench.virtualHost(`unfit-${queue}`);
      await plant.channel.queueDeclare({ queue, durable: true, arguments: args });
      await expect(plant.demand(queuePoison, { queue })).rejects.toThrow(why);
      await expect(plant.demand(queueFlood, { queue, body })).rejects.toThrow(why);
    },
  );

  test('need a queue, and a user who may send, and take back', async () => {
    const plant = await plantOf(bench, 'unfit-rights');
    await expect(plant.demand(queuePoison, { queue: 'epr' })).rejects.toMatchObject({
      code: 'queue.no-queue',
    });
    const target = { ...(await plant.userTarget('writer', 'administrator', '^erp')) };
    await expect(plant.demand(queuePoison, { queue: erpQueue }, target)).rejects.toMatchObject({
      code: 'queue.rights',
      message: expect.stringContaining('may not read mes.dead-letters'),
    });
  });

  test('can be taken back twice, and from a queue that is no more', async () => {
    const plant = await plantOf(bench, 'twice');
    await plant.inject(queuePoison, 'p5', { queue: erpQueue }, { leash: noHelp });
    await undo(plant, 'other');
    expect(await plant.depth(erpQueue)).toBe(5);
    await undo(plant, 'p5');
    await undo(plant, 'p5');
    expect(await plant.depth(erpQueue)).toBe(0);
    await plant.channel.queueDelete({ queue: erpQueue });
    await undo(plant, 'p5');
  });
});
