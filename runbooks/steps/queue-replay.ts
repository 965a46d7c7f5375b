import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { brokerAddress, openAmqp } from '../../kit/rabbitmq/amqp-session.ts';
import { ManagementApi } from '../../kit/rabbitmq/management-api.ts';
import { parkingQueue } from '../../kit/rabbitmq/parking.ts';
import { queueFacts } from '../../kit/rabbitmq/topology.ts';
import { type Step, type StepResult, type StepWorld, targetOfKind, untouched } from '../step.ts';
import { makeParking, whyNoParking } from './queue/prepare-parking.ts';
import { Replay, type ReplayCounts, replayedHeader } from './queue/replay.ts';

const params = z
  .strictObject({
    /** The queue of the dead letters. */
    from: z.string().min(1),
    /** Where they are sent; the queue that each was refused by first when left out. */
    to: z.string().min(1).optional(),
    /** Where those wait for a person that were replayed before and are dead again; they stay where they are when left out. */
    park: parkingQueue.optional(),
    /** So many are replayed at most. */
    max: z.int().min(1).max(100_000).default(1000),
    /** For how long is looked whether they come back. */
    settle: duration.prefault('5s'),
  })
  .refine(({ from, to, park }) => new Set([from, to ?? '', park ?? '-']).size === 3, {
    message: '"from", "to" and "park" must be different queues',
  });
export type ReplayParams = z.output<typeof params>;

/** Gives dead letters one more chance, and puts aside what is still refused. */
export const queueReplay: Step<ReplayParams> = {
  kind: 'queue.replay',
  summary: 'send dead letters of RabbitMQ back to their queue, each once, and put aside what comes back',
  params,
  targets: ['rabbitmq'],
  // What it has sent carries its header and is not sent again. Only a message that was under way when we were killed may be.
  repeatable: () => true,
  plan({ from, to, park, max, settle }, world) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    const on = `${name} (${brokerAddress(target.url)})`;
    const where = to ?? 'the queue that each was refused by first (x-first-death-queue)';
    const sent = {
      does: `send up to ${max} dead letters from ${from} to ${where}, each once (header ${replayedHeader}) and acknowledged only after the broker has confirmed its copy`,
      on,
      undo: 'none: the systems behind these queues work on them; what they refuse comes back',
    };
    if (park === undefined) return [sent];
    const aside = {
      does: `put those that come back within ${settle / 1000} s, or had been replayed before, aside in ${park} (durable; made if it is not there)`,
      on,
      undo: `they wait in ${park} until somebody reads them`,
    };
    return [sent, aside];
  },
  async run(wish, world, signal) {
    const { name, target } = targetOfKind(world, 'rabbitmq');
    const { from, park } = wish;
    const api = new ManagementApi(target, world.fetch);
    const facts = await queueFacts(api, from, signal);
    if (!facts) return untouched('failed', `${name} has no queue ${from}`);
    if (facts.type === 'stream')
      return untouched('refused', `${from} is a stream, from which no message can be taken`);
    const reason = park === undefined ? undefined : await whyNoParking(api, park, signal);
    if (reason !== undefined) return untouched('refused', reason);
    await using session = await openAmqp(target.url, world.operation, world.clock);
    signal.throwIfAborted();
    if (park !== undefined) await makeParking(session, park);
    return resultOf(wish, await new Replay(session, api, wish, world).run(signal), world);
  },
};

function resultOf(
  { from, park }: ReplayParams,
  { replayed, cameBack, parked, left }: ReplayCounts,
  { operation }: StepWorld,
): StepResult {
  const leftInAll = Object.values(left).reduce((total, count) => total + count, 0);
  const details = { replayed, cameBack, parked, left, operation };
  if (replayed + parked + leftInAll === 0) return untouched('succeeded', `${from} is empty`, details);
  const reasons = Object.entries(left).map(([why, count]) => `${count}: ${why}`);
  const said = [
    `replayed ${replayed}`,
    ...(cameBack > 0 ? [`${cameBack} of them are still unreadable`] : []),
    ...(park !== undefined && parked > 0 ? [`put ${parked} aside in ${park}`] : []),
    ...(leftInAll > 0 ? [`left ${leftInAll} in ${from} (${reasons.join('; ')})`] : []),
  ];
  // Something was achieved when a message got through or was put aside for a person.
  const helped = parked > 0 || replayed > cameBack;
  return {
    outcome: helped ? 'succeeded' : 'failed',
    summary: said.join('; '),
    touched: replayed + parked,
    details,
  };
}
