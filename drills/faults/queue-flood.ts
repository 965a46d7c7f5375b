import { z } from 'zod';
import { UnavailableError } from '../../kit/errors.ts';
import { brokerAddress } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { bindingsOf } from '../../kit/rabbitmq/topology.ts';
import type { Fault, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { demandPlaces } from './queue/demand-places.ts';
import { alarmOf } from './queue/demands.ts';
import { Flood } from './queue/flood.ts';
import { markHeader } from './queue/look-through.ts';
import { drainOf, MarkedMessages } from './queue/marked-messages.ts';
import { alarmed } from './queue/publish.ts';

const params = z.strictObject({
  queue: z.string().min(1),
  /** Messages a second. */
  rate: z.number().positive().max(10_000).default(200),
  /** Messages in all; then it stops sending, and what waits goes on waiting. */
  most: z.int().min(1).max(50_000).default(20_000),
  /** Sent instead of copies of a real message. */
  body: z.string().optional(),
  content_type: z.string().default('application/json'),
});
export type FloodParams = z.output<typeof params>;

/**
 * A producer gone mad: it sends copies of a real message, over and over. Each expires 4 s after the fault's planned end, so that the
 * broker itself removes what nobody has consumed or taken back by then.
 */
export const queueFlood: Fault<FloodParams> = {
  kind: 'queue.flood',
  summary: 'floods a RabbitMQ queue with copies of a real message',
  affects: 'message',
  params,
  targets: ['rabbitmq'],
  plan({ queue, rate, most, body }, { name, target }, run, durationMs): Plan {
    const address = brokerAddress(asKind(target, name, 'rabbitmq').url);
    const what =
      body === undefined ? 'copies of the next message that comes for it' : 'messages with the given body';
    return {
      kind: 'queue.flood',
      target: name,
      run,
      effects: [
        ...(body === undefined
          ? [`catches one message in a queue of its own that is bound like ${queue} and goes at once`]
          : []),
        `sends ${rate} a second, ${most} at most, to queue ${queue} on ${address}: ${what}, each with ${markHeader}: ${runName(run)}`,
        'stops when the broker raises an alarm for memory or disk',
        'takes those that are left out of the queue and of its dead letters at the end; messages of others are held for a moment meanwhile and given back, marked as redelivered',
        leashEffect,
        'the broker gives up each message that still waits 4 s after the end of the fault',
      ],
      undo: drainOf(name, run, { exchange: '', routingKey: queue }),
      durationMs,
    };
  },
  async demand({ queue, body }, { name, target }, { fetch }): Promise<void> {
    const broker = asKind(target, name, 'rabbitmq');
    const api = new ManagementApi(broker, fetch);
    await demandPlaces(api, broker, { exchange: '', routingKey: queue });
    const alarm = await alarmOf(api);
    if (alarm !== undefined) throw alarmed(alarm);
    if (body === undefined && (await bindingsOf(api, queue)).length === 0)
      throw new UnavailableError(
        'queue.not-bound',
        `queue ${queue} is bound to no exchange: no message can be copied`,
        {
          mend: 'Give a `body` in the drill.',
        },
      );
  },
  inject(plan, wish, { name, target }, host, signal) {
    const broker = asKind(target, name, 'rabbitmq');
    const messages = new MarkedMessages(
      broker,
      host,
      drainOf(name, plan.run, { exchange: '', routingKey: wish.queue }),
    );
    const flood = new Flood(broker, wish, plan, host);
    return leashedInjection(
      {
        plan,
        host,
        breakIt: (during) => flood.begin(during),
        lift: async () => {
          await flood[Symbol.asyncDispose]();
          await messages.takeBack();
        },
        touched: async () => flood.taken,
        residue: () => messages.residue(),
        liftedByOthers: flood.endedByOthers,
      },
      signal,
    );
  },
};
