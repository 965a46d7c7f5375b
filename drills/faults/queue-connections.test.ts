import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { revert } from '../undo.ts';
import { restored, withdrawn } from './queue/reading-right.ts';
import { type QueueBench, startQueueBench, until, type VirtualHost } from './queue/testing/queue-bench.ts';
import { queueConsumersGone } from './queue-consumers-gone.ts';
import { queueUnavailable } from './queue-unavailable.ts';

let bench: QueueBench;
beforeAll(async () => {
  bench = await startQueueBench();
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** A name in which every character means something to a regular expression. */
const odd = 'erp (operations).*#1';
const deadline = () => AbortSignal.timeout(10_000);

async function plantWith(name: string, ...queues: string[]): Promise<VirtualHost> {
  const plant = await bench.virtualHost(name);
  for (const queue of queues) await plant.channel.queueDeclare({ queue, durable: true });
  return plant;
}

/** RabbitMQ lists a consumer seconds after it has come. */
const listed = (name: string, count: number) =>
  until('the consumers in the list', async () => {
    const all = (await (await bench.api('GET', `consumers/${name}`)).json()) as { channel_details: object }[];
    return all.filter(({ channel_details: details }) => 'connection_name' in details).length === count;
  });

const failing =
  (method: string, part: string): typeof fetch =>
  (input, init) =>
    init?.method === method && String(input).includes(part)
      ? Promise.reject(new Error('cable in a knot'))
      : fetch(input, init);

describe.concurrent('Consumers that are thrown out', () => {
  test('stay out while messages pile up, others are left alone, and come back to find every message', async () => {
    const plant = await plantWith('gone', odd, 'wms');
    const taken: string[] = [];
    const others: string[] = [];
    await plant.consume(odd, ({ body }) => void taken.push(String(body)));
    await plant.consume('wms', ({ body }) => void others.push(String(body)));
    await listed('gone', 2);
    await plant.demand(queueConsumersGone, { queue: odd });
    const injection = await plant.inject(queueConsumersGone, 'r1', { queue: odd });
    expect([await plant.consumers(odd), await injection.touched(), await injection.residue()]).toEqual([
      0,
      1,
      ['the right to read erp (operations).*#1 is still taken from guest'],
    ]);
    for (let number = 0; number < 20; number++) {
      await plant.send(odd, `o${number}`);
      await plant.send('wms', `w${number}`);
      expect(await plant.consumers(odd)).toBe(0);
    }
    await until('the other consumer', () => others.length === 20);
    expect([taken, await plant.depth(odd)]).toEqual([[], 20]);
    await injection[Symbol.asyncDispose]();
    await until('the consumer', () => taken.length === 20);
    expect([await injection.residue(), await plant.permissionOf('guest')]).toEqual([[], '.*']);
    expect(await Promise.race([injection.liftedByOthers, 'nobody else'])).toBe('nobody else');
  });

  test('are followed by whoever comes as another user', async () => {
    const plant = await plantWith('standby', 'erp');
    const { url } = await plant.userTarget('standby', '');
    await plant.consume('erp', () => undefined);
    await listed('standby', 1);
    const injection = await plant.inject(queueConsumersGone, 'r2', { queue: 'erp' });
    plant.startConsuming('erp', () => undefined, url);
    await until('the end of the second one', async () => (await injection.touched()) === 2);
    await injection[Symbol.asyncDispose]();
    await until('both again', async () => (await plant.consumers('erp')) === 2);
    expect([await plant.permissionOf('guest'), await plant.permissionOf('standby')]).toEqual(['.*', '.*']);
  });

  test('who are none touch nothing, and the preflight says so', async () => {
    const plant = await plantWith('idle', 'erp');
    await expect(plant.demand(queueConsumersGone, { queue: 'erp' })).rejects.toMatchObject({
      code: 'queue.no-consumer',
    });
    await expect(plant.demand(queueConsumersGone, { queue: 'epr' })).rejects.toMatchObject({
      code: 'queue.no-queue',
    });
    const injection = await plant.inject(queueConsumersGone, 'r3', { queue: 'erp' });
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([0, []]);
  });

  test('need an administrator, and otherwise nothing is touched', async () => {
    const plant = await plantWith('rights', 'erp');
    const target = await plant.userTarget('watcher', 'monitoring');
    for (const fault of [queueConsumersGone, queueUnavailable]) {
      const wish = fault === queueConsumersGone ? { queue: 'erp' } : {};
      await expect(plant.demand(fault, wish, target)).rejects.toMatchObject({
        code: 'queue.not-administrator',
        mend: expect.stringContaining('administrator'),
      });
    }
    const wrong = { ...target, management: target.management.replace('secret', 'guess') };
    const refused = plant.demand(queueUnavailable, {}, wrong);
    await expect(refused).rejects.toMatchObject({ code: 'queue.management-refused' });
    await expect(refused).rejects.not.toThrow(/guess/);
  });

  test('have their right again when throwing them out fails halfway', async () => {
    const plant = await plantWith('halfway', 'erp');
    await plant.consume('erp', () => undefined);
    await listed('halfway', 1);
    const broken = { fetch: failing('DELETE', '/connections/'), signal: AbortSignal.timeout(3000) };
    await expect(plant.inject(queueConsumersGone, 'r4', { queue: 'erp' }, broken)).rejects.toThrow();
    expect([await plant.permissionOf('guest'), await plant.consumers('erp')]).toEqual(['.*', 1]);
  });

  test('are residue when their right is not given back, until the undo has done it, twice', async () => {
    const plant = await plantWith('stuck', 'erp');
    await plant.consume('erp', () => undefined);
    await listed('stuck', 1);
    let puts = 0;
    const once: typeof fetch = (input, init) =>
      init?.method === 'PUT' && ++puts > 1
        ? Promise.reject(new Error('cable in a knot'))
        : fetch(input, init);
    const injection = await plant.inject(queueConsumersGone, 'r5', { queue: 'erp' }, { fetch: once });
    await expect(injection[Symbol.asyncDispose]()).rejects.toThrow('cable in a knot');
    expect(await injection.residue()).toEqual(['the right to read erp is still taken from guest']);
    const undo = {
      kind: 'rabbitmq.restore-reading',
      target: 'queue',
      queue: 'erp',
      mark: 'andon-drill-r5',
    } as const;
    const deps = { targets: { queue: { ...plant.target, drillable: true, production: false } }, fetch };
    await revert({ ...undo, mark: 'andon-drill-r6' }, deps, deadline());
    expect(await injection.residue(), 'the undo of another run').toHaveLength(1);
    await revert(undo, deps, deadline());
    await revert(undo, deps, deadline());
    expect([await injection.residue(), await plant.permissionOf('guest')]).toEqual([[], '.*']);
  });

  test('are let in again by somebody else, and the drill says so', async () => {
    const plant = await plantWith('others', 'erp');
    await plant.consume('erp', () => undefined);
    await listed('others', 1);
    const injection = await plant.inject(queueConsumersGone, 'r7', { queue: 'erp' });
    await bench.api('PUT', 'permissions/others/guest', { configure: '.*', write: '.*', read: '.*' });
    expect(await injection.liftedByOthers).toBe('others');
    await until('the consumer', async () => (await plant.consumers('erp')) === 1);
  });
});

test('A right that is taken twice is given back in any order, word for word', () => {
  const old = '^(erp|wms)\\.|^amq\\.';
  const once = withdrawn(old, 'erp.operations', 'andon-drill-a');
  const twice = withdrawn(once, 'wms.moves', 'andon-drill-a');
  expect(restored(restored(twice, 'erp.operations', 'andon-drill-a'), 'wms.moves', 'andon-drill-a')).toBe(
    old,
  );
  expect(restored(restored(twice, 'wms.moves', 'andon-drill-a'), 'erp.operations', 'andon-drill-a')).toBe(
    old,
  );
  expect(restored(once, 'erp.operations', 'andon-drill-b')).toBe(once);
});

describe.concurrent('A broker that lets nobody in', () => {
  test('closes on everybody and refuses them, and lets them in again after it', async () => {
    const plant = await plantWith('away', 'erp');
    const client = plant.connect();
    await client.onConnect();
    await plant.demand(queueUnavailable, {});
    const injection = await plant.inject(queueUnavailable, 'a1', {});
    expect([await injection.touched(), await injection.residue()]).toEqual([
      2,
      ['virtual host away still allows no connection'],
    ]);
    await expect(plant.demand(queueUnavailable, {})).rejects.toMatchObject({ code: 'queue.limited' });
    // It learns of its end over a connection of its own, and nobody lets it in again.
    await until('the end of the client', () => !client.ready);
    const late = plant.connect();
    const refused = await new Promise<Error>((resolve) => late.on('error', resolve));
    expect(refused.message).toContain('connection limit (0) is reached');
    await injection[Symbol.asyncDispose]();
    await until('both clients', () => client.ready && late.ready);
    expect(await injection.residue()).toEqual([]);
    const deps = { targets: { queue: { ...plant.target, drillable: true, production: false } }, fetch };
    await revert({ kind: 'rabbitmq.open-door', target: 'queue', mark: 'andon-drill-a1' }, deps, deadline());
    expect(client.ready).toBe(true);
  });

  test('is not made where nobody is, or where a limit of somebody else would be overwritten', async () => {
    const plant = await plantWith('limited', 'erp');
    const empty = { ...plant.target, url: plant.url.replace('limited', 'empty') };
    await bench.virtualHost('empty').then((other) => other[Symbol.asyncDispose]());
    await until('an empty one', async () => {
      const error = await plant.demand(queueUnavailable, {}, empty).then(null, ({ code }) => code);
      return error === 'queue.nobody';
    });
    await bench.api('PUT', 'vhost-limits/limited/max-connections', { value: 9 });
    await expect(plant.demand(queueUnavailable, {})).rejects.toMatchObject({
      code: 'queue.limited',
      mend: expect.stringContaining('andon drill clean'),
    });
    await expect(plant.inject(queueUnavailable, 'a2', {})).rejects.toThrow(
      'a limit of 9 connections already',
    );
    const limits = await (await bench.api('GET', 'vhost-limits/limited')).json();
    expect(limits).toEqual([{ vhost: 'limited', value: { 'max-connections': 9 } }]);
  });

  test('is opened by somebody else, and the drill says so', async () => {
    const plant = await plantWith('opened', 'erp');
    const injection = await plant.inject(queueUnavailable, 'a3', {});
    await bench.api('DELETE', 'vhost-limits/opened/max-connections');
    expect(await injection.liftedByOthers).toBe('others');
  });

  test('opens again when closing fails halfway', async () => {
    const plant = await plantWith('ajar', 'erp');
    const broken = { fetch: failing('DELETE', '/connections/') };
    await expect(
      plant.inject(queueUnavailable, 'a4', {}, { ...broken, signal: AbortSignal.timeout(3000) }),
    ).rejects.toThrow();
    expect(await (await bench.api('GET', 'vhost-limits/ajar')).json()).toEqual([]);
  });
});
