import { ConsumerStatus } from 'rabbitmq-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revert } from '../undo.ts';
import { type QueueBench, startQueueBench, until, type VirtualHost } from './queue/testing/queue-bench.ts';
import { queueConsumerHangs } from './queue-consumer-hangs.ts';

let bench: QueueBench;
beforeAll(async () => {
  bench = await startQueueBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const deadline = () => AbortSignal.timeout(10_000);
const numbers = Array.from({ length: 20 }, (_, index) => `m${index}`);

/** A virtual host with a queue `erp` and a consumer that is well. */
async function plantWith(name: string, args: object = {}): Promise<VirtualHost & { taken: string[] }> {
  const plant = await bench.virtualHost(name);
  const taken: string[] = [];
  await plant.channel.queueDeclare({ queue: 'erp', durable: true, arguments: args });
  await plant.consume('erp', ({ body }) => {
    taken.push(String(body));
    return ConsumerStatus.ACK;
  });
  return Object.assign(plant, { taken });
}

const connectionCalled = async (name: string): Promise<string> => {
  const all = (await (await bench.api('GET', 'connections')).json()) as {
    name: string;
    user_provided_name?: string;
  }[];
  return all.find((one) => one.user_provided_name === name)?.name ?? '';
};

const undoOf = (run: string) =>
  ({
    kind: 'rabbitmq.close-connections',
    target: 'queue',
    name: `andon-drill-${run} hangs on erp`,
  }) as const;
const depsOf = ({ target }: VirtualHost) => ({
  targets: { queue: { ...target, drillable: true, production: false } },
  fetch,
});

describe.concurrent('A consumer that hangs', () => {
  test('lets those that are well starve, holds everything, and gives it back at the end', async () => {
    const plant = await plantWith('hangs');
    await plant.send('erp', 'before');
    await until('the first one', () => plant.taken.length === 1);
    await plant.demand(queueConsumerHangs, { queue: 'erp' });
    const injection = await plant.inject(queueConsumerHangs, 'h1', { queue: 'erp' });
    await plant.send('erp', ...numbers);
    await until('all of them in its hands', async () => (await injection.touched()) === 20);
    expect([plant.taken, await plant.depth('erp'), await plant.consumers('erp')]).toEqual([['before'], 0, 2]);
    expect(await injection.residue()).toEqual([
      expect.stringContaining('("andon-drill-h1 hangs on erp") is open'),
    ]);
    await injection[Symbol.asyncDispose]();
    await until('the rest', () => plant.taken.length === 21);
    expect([plant.taken, await injection.residue()]).toEqual([['before', ...numbers], []]);
    expect([await injection.touched(), await plant.consumers('erp')]).toEqual([20, 1]);
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('holds no more than its prefetch, and what comes then reaches the others', async () => {
    const plant = await plantWith('some');
    const injection = await plant.inject(queueConsumerHangs, 'h2', { queue: 'erp', prefetch: 3 });
    await plant.send('erp', ...numbers);
    await until('those behind the third', () => plant.taken.length === 17);
    expect([plant.taken, await injection.touched()]).toEqual([numbers.slice(3), 3]);
    await injection[Symbol.asyncDispose]();
    await until('the first three', () => plant.taken.length === 20);
  });

  test('touches nothing where no message comes', async () => {
    const plant = await plantWith('idle');
    const injection = await plant.inject(queueConsumerHangs, 'h3', { queue: 'erp' });
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([0, []]);
  });

  test('is cut off by somebody else, does not come back, and the drill says so', async () => {
    const plant = await plantWith('cut');
    const injection = await plant.inject(queueConsumerHangs, 'h4', { queue: 'erp' });
    await plant.send('erp', ...numbers);
    await until('all of them in its hands', async () => (await injection.touched()) === 20);
    const connection = await connectionCalled(undoOf('h4').name);
    await bench.api('DELETE', `connections/${encodeURIComponent(connection)}`);
    expect(await injection.liftedByOthers).toBe('others');
    await until('all of them', () => plant.taken.length === 20);
    expect([await plant.consumers('erp'), await injection.residue()]).toEqual([1, []]);
    await injection[Symbol.asyncDispose]();
  });

  test('ends with the queue, and the drill says that the broker did it', async () => {
    const plant = await plantWith('deleted');
    const injection = await plant.inject(queueConsumerHangs, 'h5', { queue: 'erp' });
    await plant.channel.queueDelete({ queue: 'erp' });
    expect(await injection.liftedByOthers).toBe('server');
  });

  test('is ended by its undo, carried out twice, and by that of no other run', async () => {
    const plant = await plantWith('undone');
    const injection = await plant.inject(queueConsumerHangs, 'h6', { queue: 'erp' });
    await revert(undoOf('h7'), depsOf(plant), deadline());
    expect(await plant.consumers('erp'), 'the undo of another run').toBe(2);
    await revert(undoOf('h6'), depsOf(plant), deadline());
    await revert(undoOf('h6'), depsOf(plant), deadline());
    expect([await plant.consumers('erp'), await injection.residue()]).toEqual([1, []]);
  });

  test('leaves nothing when it is refused halfway', async () => {
    const plant = await plantWith('refused');
    await expect(plant.inject(queueConsumerHangs, 'h8', { queue: 'epr' })).rejects.toThrow(
      /NOT_FOUND|no queue/,
    );
    await until('its connection gone', async () => (await connectionCalled(undoOf('h8').name)) === '');
  });
});

describe.concurrent('The preflight of a consumer that hangs', () => {
  const refused = (
    plant: VirtualHost,
    code: string,
    mend: string,
    target?: VirtualHost['target'],
    queue = 'erp',
  ) =>
    expect(plant.demand(queueConsumerHangs, { queue }, target), code).rejects.toMatchObject({
      code,
      mend: expect.stringContaining(mend),
    });

  test('waits for a consumer that has come just now, and refuses a queue that nobody consumes, one that is not there, and a user who may not', async () => {
    const plant = await plantWith('asked');
    await plant.demand(queueConsumerHangs, { queue: 'erp' });
    await plant.channel.queueDeclare({ queue: 'empty', durable: true });
    await refused(plant, 'queue.no-consumer', 'Nobody would miss', undefined, 'empty');
    await refused(plant, 'queue.no-queue', 'Mend the name', undefined, 'epr');
    await refused(
      plant,
      'queue.not-administrator',
      'administrator',
      await plant.userTarget('looker', 'monitoring'),
    );
    await refused(plant, 'queue.rights', 'may', await plant.userTarget('reader', 'administrator', '^wms'));
    expect(await plant.consumers('erp')).toBe(1);
  });

  test('refuses queues whose messages go to one client alone, or would be lost when they come back', async () => {
    const plant = await bench.virtualHost('unfit');
    const unfit: Record<string, Record<string, unknown>> = {
      stream: { 'x-queue-type': 'stream' },
      single: { 'x-single-active-consumer': true },
      short: { 'x-max-length': 10 },
      limited: { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 },
    };
    for (const [queue, args] of Object.entries(unfit)) {
      await plant.channel.queueDeclare({ queue, durable: true, arguments: args });
      await refused(plant, 'queue.unfit', 'process.pause', undefined, queue);
    }
    const channel = await plant.connect().acquire();
    await channel.queueDeclare({ queue: 'own', exclusive: true });
    await refused(plant, 'queue.unfit', 'process.pause', undefined, 'own');
    await plant.channel.queueDeclare({ queue: 'erp', durable: true });
    await channel.basicConsume({ queue: 'erp', exclusive: true }, () => {});
    await refused(plant, 'queue.unfit', 'process.pause');
  });

  test('takes a quorum queue', async () => {
    const plant = await plantWith('quorum', { 'x-queue-type': 'quorum' });
    await plant.demand(queueConsumerHangs, { queue: 'erp' });
    const injection = await plant.inject(queueConsumerHangs, 'q1', { queue: 'erp' });
    await plant.send('erp', ...numbers);
    await until('all of them in its hands', async () => (await injection.touched()) === 20);
    expect(plant.taken).toEqual([]);
    await injection[Symbol.asyncDispose]();
    await until('all of them', () => plant.taken.length === 20);
  });
});
