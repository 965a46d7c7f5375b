import { z } from 'zod';
import { brokerAddress } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import type { Fault, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { restoreReading, withdrawnFrom } from '../undos/queue-restore-reading.ts';
import { demandAdministrator, demandQueue } from './queue/demands.ts';
import { demandConsumers } from './queue/listed-consumers.ts';
import { demandWithdrawable, ShutOut } from './queue/shut-out.ts';

const liftLimitMs = 15_000;

const params = z.strictObject({ queue: z.string().min(1) });
type Params = z.output<typeof params>;

/**
 * Everybody who consumes a queue is thrown out and kept out: messages pile up. Closing connections alone does not keep a consumer
 * away, because RabbitMQ closes only what its statistics know, and they know it seconds later than it is there. So the right to
 * read this one queue is taken from the consuming users first, and given back at the end.
 */
export const queueConsumersGone: Fault<Params> = {
  kind: 'queue.consumers-gone',
  summary: 'throws the consumers of a RabbitMQ queue out and keeps them out',
  affects: 'consumer',
  params,
  targets: ['rabbitmq'],
  plan({ queue }, { name, target }, run, durationMs): Plan {
    const mark = runName(run);
    return {
      kind: 'queue.consumers-gone',
      target: name,
      run,
      effects: [
        `takes the right to read queue ${queue} on ${brokerAddress(asKind(target, name, 'rabbitmq').url)} from every user who consumes it (all else that they may read they still may)`,
        `closes the connections of its consumers with the reason "closed by ${mark}"; what they hold goes back into the queue`,
        'what these connections did for other queues breaks off with them, until the client connects again',
        leashEffect,
      ],
      undo: { kind: 'rabbitmq.restore-reading', target: name, queue, mark },
      durationMs,
    };
  },
  async demand({ queue }, { name, target }, { fetch, clock }): Promise<void> {
    const api = new ManagementApi(asKind(target, name, 'rabbitmq'), fetch);
    await demandAdministrator(api);
    await demandQueue(api, queue);
    const consumers = await demandConsumers(api, queue, 'The fault would touch nothing.', clock);
    for (const user of new Set(consumers.map((consumer) => consumer.user)))
      await demandWithdrawable(api, user);
  },
  inject(plan, { queue }, { name, target }, host, signal) {
    const broker = asKind(target, name, 'rabbitmq');
    const shutOut = new ShutOut(broker, queue, plan, host);
    const undo = { kind: 'rabbitmq.restore-reading' as const, target: name, queue, mark: runName(plan.run) };
    return leashedInjection(
      {
        plan,
        host,
        breakIt: (during) => shutOut.begin(during),
        lift: async () => {
          await shutOut[Symbol.asyncDispose]();
          const deps = { targets: { [name]: broker }, fetch: host.fetch, clock: host.clock };
          await restoreReading.revert(undo, deps, AbortSignal.timeout(liftLimitMs));
        },
        touched: async () => shutOut.thrownOut,
        residue: async () => {
          const left = await withdrawnFrom(new ManagementApi(broker, host.fetch), undo);
          return left.map(({ user }) => `the right to read ${queue} is still taken from ${user}`);
        },
        liftedByOthers: shutOut.openedByOthers,
      },
      signal,
    );
  },
};
