import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { type AmqpSession, brokerAddress, openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { type Consumer, closeConnection, consumersOf } from '../../kit/rabbitmq/consumers.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { queueNow } from '../../kit/rabbitmq/queue-now.ts';
import { waitFor } from '../../kit/wait.ts';
import { type Step, type StepResult, type StepWorld, targetOfKind, untouched } from '../step.ts';

const params = z.strictObject({
  queue: z.string().min(1),
  /** How long the consumers may take to connect again and to be listed. */
  back_within: duration.prefault('20s'),
  /** How many must be back; left out, as many as before are waited for, and one is enough in the end. */
  at_least: z.int().min(1).optional(),
});
type Params = z.output<typeof params>;

/** RabbitMQ lists a consumer up to 5 s after it has come; until then its connection has no name for us. */
const listedWithinMs = 8000;
const lookMs = 250;

/** Closes the connections that consume a queue, so that their clients connect and subscribe anew. */
export const queueRestartConsumers: Step<Params> = {
  kind: 'queue.restart-consumers',
  summary: 'close the connections that consume a RabbitMQ queue, so that their clients connect anew',
  params,
  targets: ['rabbitmq'],
  // The second time it would close the connections that have just come back.
  repeatable: () => false,
  plan({ queue, back_within, at_least }, world) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    return [
      {
        does: `close every connection that consumes ${queue}, with all else it is used for, and wait up to ${back_within / 1000} s until ${at_least === undefined ? 'as many consumers are' : `${at_least} ${at_least === 1 ? 'consumer is' : 'consumers are'}`} back`,
        on: `${name} (${brokerAddress(target.url)})`,
        undo: 'none: what they held goes back into the queue and is delivered again; their clients connect by themselves',
      },
    ];
  },
  async run({ queue, back_within, at_least }, world, signal) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    const api = new ManagementApi(target, world.fetch);
    await using session = await openAmqp(target.url, world.operation, world.clock);
    const before = await consumersNow(session, queue);
    if (before === undefined) return untouched('failed', `${name} has no queue ${queue}`);
    if (before === 0)
      return untouched(
        'failed',
        `queue ${queue} has no consumer, so there is no connection to close: restart the program that consumes it, and see whether its user may read the queue`,
      );
    const consumers = await listed(api, queue, before, world, signal);
    if (consumers.length === 0)
      return untouched(
        'failed',
        `queue ${queue} has ${before} consumers, but RabbitMQ does not list their connections yet: nothing was closed`,
      );
    const names = [...new Set(consumers.map(({ connection }) => connection))];
    const closed: string[] = [];
    for (const connection of names) {
      signal.throwIfAborted();
      if (await closeConnection(api, connection, world.operation)) closed.push(connection);
    }
    if (closed.length === 0)
      return untouched('failed', `the consumers of ${queue} had gone before their connections were closed`);
    const wanted = { awaited: at_least ?? before, needed: at_least ?? 1, withinMs: back_within };
    const asked = { queue, before, closed, ...wanted };
    return await awaitBack(asked, () => consumersOf(api, queue, signal), world, signal);
  },
};

async function consumersNow(session: AmqpSession, queue: string): Promise<number | undefined> {
  const channel = await session.channel();
  try {
    return (await queueNow(channel, queue))?.consumers;
  } finally {
    await channel.close().catch(() => {});
  }
}

/** The consumers with their connections: all of them, or those that are known by the time that all should be. */
async function listed(
  api: ManagementApi,
  queue: string,
  count: number,
  { clock }: StepWorld,
  signal: AbortSignal,
): Promise<Consumer[]> {
  let known: Consumer[] = [];
  const all = async () => {
    known = await consumersOf(api, queue, signal);
    return known.length >= count;
  };
  const what = `the list of the consumers of ${queue}`;
  try {
    await waitFor(all, { what, timeoutMs: listedWithinMs, everyMs: lookMs, signal, clock });
  } catch (error) {
    signal.throwIfAborted();
    // Some are better than none; that the API does not answer at all is told.
    if (known.length === 0 && error instanceof Error && error.message.includes('last answer')) throw error;
  }
  return known;
}

interface Asked {
  queue: string;
  before: number;
  closed: string[];
  /** So many are waited for, and after `withinMs` so many are enough. */
  awaited: number;
  needed: number;
  withinMs: number;
}

async function awaitBack(
  { queue, before, closed, awaited, needed, withinMs }: Asked,
  ask: () => Promise<Consumer[]>,
  { clock }: StepWorld,
  signal: AbortSignal,
): Promise<StepResult> {
  let back = 0;
  // A connection's name holds its port, so one that came back has another.
  const areBack = async () => {
    back = (await ask()).filter(({ connection }) => !closed.includes(connection)).length;
    return back >= awaited;
  };
  const what = `the consumers of ${queue}`;
  try {
    await waitFor(areBack, { what, timeoutMs: withinMs, everyMs: lookMs, signal, clock });
  } catch {
    signal.throwIfAborted();
  }
  const details = { closed, before, back };
  const touched = closed.length;
  const did = `closed ${touched} connections that consumed ${queue}`;
  if (back < needed)
    return {
      outcome: 'failed',
      summary: `${did}; ${back} of its ${before} consumers were back within ${withinMs / 1000} s, and ${needed} must be: restart the program that consumes it`,
      touched,
      details,
    };
  return {
    outcome: 'succeeded',
    summary: `${did}; ${back} of its ${before} consumers are back`,
    touched,
    details,
  };
}
