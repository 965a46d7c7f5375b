import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../drills/fault.ts';
import { hostOldLogs } from '../drills/faults/host-old-logs.ts';
import { processKill } from '../drills/faults/process-kill.ts';
import { processPause } from '../drills/faults/process-pause.ts';
import { erpAtWork, event, report } from '../drills/faults/queue/testing/erp-bench.ts';
import { type QueueBench, startQueueBench, until } from '../drills/faults/queue/testing/queue-bench.ts';
import { queueConsumerHangs } from '../drills/faults/queue-consumer-hangs.ts';
import { queuePoison } from '../drills/faults/queue-poison.ts';
import { testHost } from '../drills/testing/test-host.ts';
import { startSmallService } from '../kit/testing/small-service.ts';
import { mountSmallVolume, whyNoVolume } from '../kit/testing/small-volume.ts';
import { startTestPostgres, type TestPostgres } from '../lab/testing/postgres.ts';
import { deadLetters, erpQueue } from '../plant/queue/topology.ts';
import { readRunbook } from '../runbooks/catalog.ts';
import { fillIn } from '../runbooks/schema/placeholders.ts';
import { diskFree } from '../runbooks/steps/disk-free.ts';
import { processRestart } from '../runbooks/steps/process-restart.ts';
import { queueReplay } from '../runbooks/steps/queue-replay.ts';
import { queueRestartConsumers } from '../runbooks/steps/queue-restart-consumers.ts';
import { stepWorld } from '../runbooks/testing/step-world.ts';

const noHurry = () => AbortSignal.timeout(60_000);
const never = new AbortController().signal;

/** The parameters of the first step of a shipped runbook. */
function paramsOf(id: string, inputs: Record<string, string> = {}): Record<string, unknown> {
  const file = path.join(import.meta.dirname, '..', 'runbooks', 'catalog', `${id}.yaml`);
  const [first] = readRunbook(file).runbook.steps;
  if (!first) throw new Error(`${id} has no step`);
  const values = Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value] as const);
  return fillIn(first.with as Record<string, unknown>, new Map(values));
}

describe.concurrent('The step of restart-mes', () => {
  test.each([processKill, processPause] as readonly Fault[])(
    'ends the fault $kind: it is out, has touched one, and leaves nothing',
    async (fault) => {
      await using service = await startSmallService();
      const before = await service.answering();
      using folder = testHost({ mes: service.target });
      const named = { name: 'mes', target: folder.targets.mes ?? expect.fail() };
      const plan = fault.plan(fault.params.parse({}), named, 'runbook-ends', 60_000);
      const injection = await fault.inject(plan, fault.params.parse({}), named, folder.host, never);
      expect(await service.answer()).toBeUndefined();
      const wish = { ...paramsOf('restart-mes'), older_than: 0 } as never;
      const result = await processRestart.run(wish, stepWorld({ mes: service.target }), noHurry());
      expect(result).toMatchObject({ outcome: 'succeeded', touched: 1 });
      expect(await injection.liftedByOthers).toBe('others');
      const after = await service.answering();
      await injection[Symbol.asyncDispose]();
      expect([await injection.touched(), await injection.residue()]).toEqual([1, []]);
      expect([after === before, await service.answering()]).toEqual([false, after]);
    },
  );
});

describe('On a queue, the step of', () => {
  let bench: QueueBench;
  let postgres: TestPostgres;
  const stack = new AsyncDisposableStack();
  beforeAll(async () => {
    const servers = await Promise.all([startQueueBench(), startTestPostgres()]);
    [bench, postgres] = servers;
    for (const server of servers) stack.use(server);
  }, 120_000);
  afterAll(() => stack.disposeAsync());

  test('replay-dead-letters ends the fault queue.poison: the good letters are booked, the poison is aside until the drill takes it', async () => {
    const { plant, performed } = await erpAtWork({ bench, postgres, stack }, 'replayed');
    const injection = await plant.inject(queuePoison, 'aside', { queue: erpQueue });
    await until('the dead letters', async () => (await plant.depth(deadLetters)) === 5);
    // A good message that was refused in a bad hour: it says where it comes from, as every dead letter does.
    const { channel } = plant;
    const died = { routingKey: deadLetters, durable: true, headers: { 'x-first-death-queue': erpQueue } };
    await channel.basicPublish(died, event(1));
    await until('the good one', async () => (await plant.depth(deadLetters)) === 6);
    const wish = paramsOf('replay-dead-letters', { queue: deadLetters }) as never;
    const result = await queueReplay.run(wish, stepWorld({ 'mes-queue': plant.target }), noHurry());
    expect(result).toMatchObject({
      outcome: 'succeeded',
      details: { replayed: 6, cameBack: 5, parked: 5, left: {} },
    });
    expect([await plant.depth(deadLetters), await plant.depth(erpQueue)]).toEqual([0, 0]);
    expect(await injection.liftedByOthers).toBe('others');
    expect(await injection.touched()).toBe(5);
    await injection[Symbol.asyncDispose]();
    expect([await injection.residue(), await plant.depth(`${deadLetters}.parked`)]).toEqual([[], 0]);
    expect(await performed()).toEqual(['U1-1']);
  }, 120_000);

  test('reconnect-consumers ends the fault queue.consumer-hangs: what it held is booked once, and it does not come back', async () => {
    const { plant, performed } = await erpAtWork({ bench, postgres, stack }, 'reconnected');
    const injection = await plant.inject(queueConsumerHangs, 'cut', { queue: erpQueue });
    const numbers = [1, 2, 3, 4, 5];
    for (const number of numbers) await report(plant, number);
    await until('all of them in its hands', async () => (await injection.touched()) === 5);
    expect(await performed(), 'while it hangs').toEqual([]);
    const wish = paramsOf('reconnect-consumers', { queue: erpQueue }) as never;
    const result = await queueRestartConsumers.run(wish, stepWorld({ 'mes-queue': plant.target }), noHurry());
    expect(result).toMatchObject({ outcome: 'succeeded', touched: 2, details: { before: 2, back: 1 } });
    expect(await injection.liftedByOthers).toBe('others');
    await until('all of them booked', async () => (await performed()).length === 5);
    expect(await plant.consumers(erpQueue)).toBe(1);
    await injection[Symbol.asyncDispose]();
    expect([await injection.touched(), await injection.residue()]).toEqual([5, []]);
  }, 120_000);
});

const noVolume = whyNoVolume();

describe.skipIf(noVolume !== undefined)(
  `The step of free-disk${noVolume === undefined ? '' : ` (not tried: ${noVolume})`}`,
  () => {
    /** A small disk with a log of the plant on it, so old, full of what the fault has written; and the step at work there. */
    async function fullDisk(daysOld: number, wish: object) {
      const stack = new AsyncDisposableStack();
      const folder = path.join(stack.use(mountSmallVolume(8 * 2 ** 20)).folder, 'mes');
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'mes.log'), 'what the plant wrote');
      const wrote = Date.now() / 1000 - daysOld * 86_400;
      utimesSync(path.join(folder, 'mes.log'), wrote, wrote);
      const server = { kind: 'host', logs: { folder, pattern: '*.log*' } };
      const { host, targets } = stack.use(testHost({ 'plant-server': server }));
      const named = { name: 'plant-server', target: targets['plant-server'] ?? expect.fail() };
      const params = hostOldLogs.params.parse({ to: 0.97, floor: '1%', ...wish });
      const plan = hostOldLogs.plan(params, named, 'runbook-ends', 60_000);
      const injection = stack.use(await hostOldLogs.inject(plan, params, named, host, never));
      const free = () =>
        diskFree.run(paramsOf('free-disk') as never, stepWorld({ 'plant-server': server }), noHurry());
      return { stack, folder, injection, free };
    }

    test('ends the fault host.old-logs: the oldest of its files go, no more than needed, and none of the plant', async () => {
      const { stack, folder, injection, free } = await fullDisk(90, {});
      await using _all = stack;
      // Each of the 24 takes 4 % of the disk: five bring it from 97 below 80.
      expect(await free()).toMatchObject({
        outcome: 'succeeded',
        touched: 5,
        details: {
          deleted: [1, 2, 3, 4, 5].map((number) => ({ name: expect.stringMatching(`~${number}.log`) })),
        },
      });
      expect(await injection.liftedByOthers).toBe('others');
      expect(readdirSync(folder)).toHaveLength(20);
      await injection[Symbol.asyncDispose]();
      expect([await injection.residue(), readdirSync(folder)]).toEqual([[], ['mes.log']]);
      expect(await free()).toMatchObject({ outcome: 'succeeded', touched: 0 });
    });

    test('ends nothing where the logs are too young to go, and says so', async () => {
      const { stack, folder, injection, free } = await fullDisk(0, { age: '1d' });
      await using _all = stack;
      expect(await free()).toMatchObject({
        outcome: 'failed',
        touched: 0,
        summary: expect.stringContaining('none is older than 7d'),
      });
      expect(readdirSync(folder)).toHaveLength(25);
      expect(await Promise.race([injection.liftedByOthers, 'nobody'])).toBe('nobody');
    });
  },
);
