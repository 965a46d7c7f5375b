import { z } from 'zod';
import { brokerAddress, openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import type { Route } from '../../kit/rabbitmq/topology.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { within } from '../../kit/wait.ts';
import type { Fault, Host, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { demandPlaces, wayOf } from './queue/demand-places.ts';
import { alarmOf } from './queue/demands.ts';
import { markHeader } from './queue/look-through.ts';
import { drainOf, MarkedMessages } from './queue/marked-messages.ts';
import { alarmed, expirationOf, publish } from './queue/publish.ts';
import { Watch } from './queue/watch.ts';

/** What no consumer of business messages can read, one of each in turn: all of them say that they are JSON. */
const unreadable: readonly Buffer[] = [
  Buffer.from('{"op_id": "andon-drill", "quantity": '),
  Buffer.from('{"andon": "drill"}'),
  Buffer.alloc(0),
  Buffer.from('{"quantity": 1e400, "seq": 123456789012345678901234567890}'),
  Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
];

/** How often is looked whether somebody has put all of them aside. */
const lookEveryMs = 1000;

const params = z
  .strictObject({
    /** The queue that gets them, over the default exchange. */
    queue: z.string().min(1).optional(),
    /** Or the exchange and the routing key by which the real messages come; every queue bound to it gets them. */
    exchange: z.string().min(1).optional(),
    routing_key: z.string().default(''),
    count: z.int().min(1).max(100).default(5),
    /** Sent instead of the built-in ones. */
    body: z.string().optional(),
    content_type: z.string().default('application/json'),
  })
  .refine(({ queue, exchange }) => (queue === undefined) !== (exchange === undefined), {
    message: 'needs either `queue` or `exchange` with `routing_key`',
    path: ['queue'],
  })
  .refine(({ queue, routing_key }) => queue === undefined || routing_key === '', {
    message: 'goes with `exchange`; a queue needs none',
    path: ['routing_key'],
  });
type Params = z.output<typeof params>;

/**
 * Sends messages that no consumer can read. A good consumer puts them away as dead letters and goes on; a bad one chokes on them,
 * for good or again and again, and holds up everything behind them.
 */
export const queuePoison: Fault<Params> = {
  kind: 'queue.poison',
  summary: 'sends messages to a RabbitMQ queue that no consumer can read',
  affects: 'message',
  params,
  targets: ['rabbitmq'],
  plan(wish, { name, target }, run, durationMs): Plan {
    const address = brokerAddress(asKind(target, name, 'rabbitmq').url);
    const { count } = wish;
    return {
      kind: 'queue.poison',
      target: name,
      run,
      effects: [
        `sends ${count} messages that cannot be read to ${wayOf(routeOf(wish))} on ${address}, each with ${markHeader}: ${runName(run)}`,
        'takes those that are left out of their queues and of their dead letters at the end; messages of others are held for a moment meanwhile and given back, marked as redelivered',
        leashEffect,
        'the broker gives up each message that still waits 4 s after the end of the fault',
      ],
      undo: drainOf(name, run, routeOf(wish)),
      durationMs,
    };
  },
  async demand(wish, { name, target }, { fetch }): Promise<void> {
    const broker = asKind(target, name, 'rabbitmq');
    const api = new ManagementApi(broker, fetch);
    await demandPlaces(api, broker, routeOf(wish));
    // A broker in alarm confirms nothing.
    const alarm = await alarmOf(api);
    if (alarm !== undefined) throw alarmed(alarm);
  },
  inject(plan, wish, { name, target }, host, signal) {
    const broker = asKind(target, name, 'rabbitmq');
    const messages = new MarkedMessages(broker, host, drainOf(name, plan.run, routeOf(wish)));
    const affected = new Affected();
    const aside = Promise.withResolvers<string>();
    let watch: Watch | undefined;
    const look = async (during: AbortSignal) => {
      if (await messages.areParked(wish.count, during)) aside.resolve('others');
    };
    return leashedInjection(
      {
        plan,
        host,
        breakIt: async (signal) => {
          await within(poison(plan, wish, broker, host), signal);
          watch = new Watch(lookEveryMs, plan, host, look);
        },
        lift: async () => {
          await watch?.[Symbol.asyncDispose]();
          await messages.takeBack();
        },
        touched: async () => affected.count(await messages.find()),
        residue: () => messages.residue(),
        liftedByOthers: aside.promise,
      },
      signal,
    );
  },
};

const routeOf = ({ queue, exchange, routing_key }: Params): Route =>
  exchange === undefined ? { exchange: '', routingKey: queue ?? '' } : { exchange, routingKey: routing_key };

async function poison(
  plan: Plan,
  wish: Params,
  { url }: TargetOf<'rabbitmq'>,
  { clock }: Host,
): Promise<void> {
  const mark = runName(plan.run);
  const bodies = wish.body === undefined ? unreadable : [Buffer.from(wish.body)];
  const expiration = expirationOf(clock.now() + plan.durationMs, clock);
  await using session = await openAmqp(url, mark, clock);
  const channel = await session.channel();
  await channel.confirmSelect();
  for (let number = 0; number < wish.count; number++) {
    const properties = {
      contentType: wish.content_type,
      messageId: `${mark}-${number}`,
      durable: true,
      expiration,
    };
    const body = bodies[number % bodies.length] ?? Buffer.alloc(0);
    await publish(channel, routeOf(wish), mark, { properties, body });
  }
  await channel.close();
}

/**
 * Counts the messages that a consumer is known to have had: dead letters, and those that came back into their queue. Looking for
 * them makes them come back too, so what we have once held ourselves counts only as a dead letter after that.
 */
class Affected {
  readonly #affected = new Set<string>();
  readonly #heldByUs = new Set<string>();

  count(found: readonly { id: string; deadLettered: boolean; redelivered: boolean }[]): number {
    for (const { id, deadLettered, redelivered } of found) {
      if (deadLettered || (redelivered && !this.#heldByUs.has(id))) this.#affected.add(id);
      this.#heldByUs.add(id);
    }
    return this.#affected.size;
  }
}
