import { z } from 'zod';
import { brokerAddress } from '../../kit/rabbitmq/amqp-session.ts';
import type { Fault, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { closeConnections } from '../undos/queue-close-connections.ts';
import { demandHangable } from './queue/demand-hangable.ts';
import { HangingConsumer } from './queue/hanging-consumer.ts';

const liftLimitMs = 15_000;

const params = z.strictObject({
  queue: z.string().min(1),
  /** How many messages it holds at most; 0 for all that come, as a client does that sets no prefetch. */
  prefetch: z.int().min(0).max(65_535).default(0),
});
type Params = z.output<typeof params>;

/**
 * A consumer that takes the messages of a queue and acknowledges none. It is one more consumer with a priority above all others, so
 * it needs no help of the plant: those that are well starve beside it, as behind a program that hangs. The connection holds it all,
 * and whatever ends that gives the messages back.
 */
export const queueConsumerHangs: Fault<Params> = {
  kind: 'queue.consumer-hangs',
  summary: 'takes the messages of a RabbitMQ queue before its consumers and acknowledges none',
  affects: 'message',
  params,
  targets: ['rabbitmq'],
  plan({ queue, prefetch }, { name, target }, run, durationMs): Plan {
    const address = brokerAddress(asKind(target, name, 'rabbitmq').url);
    const undo = undoOf(name, run, queue);
    return {
      kind: 'queue.consumer-hangs',
      target: name,
      run,
      effects: [
        `consumes queue ${queue} on ${address} over a connection called "${undo.name}", with a priority above all other consumers`,
        `holds ${prefetch === 0 ? 'every message that comes' : `up to ${prefetch} messages at a time`} and acknowledges none`,
        'gives all of them back at the end by closing the connection: they stand where they were and are marked as redelivered',
        leashEffect,
        'the broker itself gives them back when this computer falls silent, some 10 s later',
      ],
      undo,
      durationMs,
    };
  },
  demand: ({ queue }, { name, target }, host) =>
    demandHangable(asKind(target, name, 'rabbitmq'), queue, host),
  inject(plan, { queue, prefetch }, { name, target }, host, signal) {
    const broker = asKind(target, name, 'rabbitmq');
    const undo = undoOf(name, plan.run, queue);
    const consumer = new HangingConsumer({ target: broker, queue, prefetch, name: undo.name, host });
    return leashedInjection(
      {
        plan,
        host,
        breakIt: (during) => consumer.begin(during),
        lift: async () => {
          await consumer[Symbol.asyncDispose]();
          const deps = { targets: { [name]: broker }, fetch: host.fetch, clock: host.clock };
          await closeConnections.revert(undo, deps, AbortSignal.timeout(liftLimitMs));
        },
        touched: async () => consumer.held,
        residue: () => consumer.residue(),
        liftedByOthers: consumer.endedByOthers,
      },
      signal,
    );
  },
};

const undoOf = (target: string, run: string, queue: string) => ({
  kind: 'rabbitmq.close-connections' as const,
  target,
  // With the queue, so that two of them in one run do not end each other.
  name: `${runName(run)} hangs on ${queue}`,
});
