import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { type Clock, systemClock } from '../../../kit/clock.ts';
import type { AmqpSession } from '../../../kit/rabbitmq/amqp-session.ts';
import { queueNow } from '../../../kit/rabbitmq/queue-now.ts';

/** The header that says which run a message belongs to. */
export const markHeader = 'x-andon-drill';

/** A queue that delivers nothing for so long has nothing more for us; a message that goes round between consumers comes by. */
const quietMs = 150;
/** As long as messages are known to wait, a busy broker gets longer. */
const busyMs = 1000;

/** One of the run's messages, as it lay in a queue. */
export interface MarkedMessage {
  readonly id: string;
  /** It has been delivered before, perhaps to us. */
  readonly redelivered: boolean;
  /** It has been dead-lettered at least once. */
  readonly deadLettered: boolean;
}

/**
 * Goes once through all that waits in a queue and returns what is marked. The marked are taken out if `take` says so; all others
 * are held until the end and then given back together, so that a classic queue puts them where they were. A queue that does not
 * exist holds nothing.
 */
export async function lookThrough(
  session: AmqpSession,
  { queue, mark, take }: { queue: string; mark: string; take: boolean },
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<MarkedMessage[]> {
  const channel = await session.channel();
  try {
    const waiting = (await queueNow(channel, queue))?.ready;
    if (waiting === undefined) return [];
    const found: MarkedMessage[] = [];
    const taken = new Set<number>();
    let [seen, last] = [0, clock.now()];
    const { consumerTag } = await channel.basicConsume({ queue }, (message) => {
      const isMarked = message.headers?.[markHeader] === mark;
      if (isMarked) found.push(asMarked(message));
      if (isMarked && take) taken.add(message.deliveryTag);
      [seen, last] = [message.deliveryTag, clock.now()];
    });
    const begun = last;
    const isOver = () => {
      const quiet = clock.now() - last;
      return seen < waiting ? quiet > busyMs : quiet > quietMs || clock.now() - begun > busyMs;
    };
    try {
      while (!isOver()) await clock.sleep(10, signal);
    } finally {
      // Also when the time is up: the next attempt has less to do then.
      await channel.basicCancel(consumerTag);
      settle(channel, seen, taken);
    }
    return found;
  } finally {
    // The broker has done all of the above when it has answered this.
    await channel.close().catch(() => {});
  }
}

/**
 * Takes and gives back in one frame for each run of neighbours: an answer for one tag counts for all before it that still have none.
 * A channel counts its deliveries from 1; one that came while we began or ended and was not looked at is given back.
 */
function settle(channel: Channel, last: number, taken: ReadonlySet<number>): void {
  for (let deliveryTag = 1; deliveryTag <= last; deliveryTag++) {
    const isTaken = taken.has(deliveryTag);
    if (deliveryTag < last && taken.has(deliveryTag + 1) === isTaken) continue;
    if (isTaken) channel.basicAck({ deliveryTag, multiple: true });
    else channel.basicNack({ deliveryTag, multiple: true, requeue: true });
  }
}

const asMarked = ({ messageId, redelivered, headers }: AsyncMessage): MarkedMessage => ({
  id: messageId ?? '',
  redelivered,
  deadLettered: headers?.['x-death'] !== undefined,
});
