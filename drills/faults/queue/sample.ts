import type { AsyncMessage } from 'rabbitmq-client';
import { type Clock, systemClock } from '../../../kit/clock.ts';
import { UnavailableError } from '../../../kit/errors.ts';
import type { AmqpSession } from '../../../kit/rabbitmq/amqp-session.ts';
import type { Binding } from '../../../kit/rabbitmq/topology.ts';
import type { Message } from './publish.ts';

/** Queues of a line in production see a message within this. */
const sampleLimitMs = 10_000;

/** A copy is no part of the trace of the real one. */
const tracing = ['traceparent', 'tracestate', 'baggage'];

/**
 * The next message that comes for a queue: caught by a queue of our own that is bound like it, belongs to this session alone and
 * goes with it. The real queue and its consumers notice nothing.
 */
export async function nextMessage(
  session: AmqpSession,
  { queue, bindings, name }: { queue: string; bindings: readonly Binding[]; name: string },
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<Message> {
  const channel = await session.channel();
  const arrived = Promise.withResolvers<AsyncMessage>();
  await channel.queueDeclare({ queue: name, exclusive: true, autoDelete: true });
  for (const { source: exchange, routing_key: routingKey, arguments: args } of bindings)
    await channel.queueBind({ queue: name, exchange, routingKey, arguments: args });
  await channel.basicConsume({ queue: name, noAck: true }, arrived.resolve);
  const done = new AbortController();
  const tooLate = clock.sleep(sampleLimitMs, AbortSignal.any([signal, done.signal])).then(() => undefined);
  try {
    return copyOf(await Promise.race([arrived.promise, tooLate]), queue);
  } finally {
    done.abort();
    await tooLate.catch(() => {});
    // Without its consumer the queue goes by itself.
    await channel.close();
  }
}

function copyOf(message: AsyncMessage | undefined, queue: string): Message {
  if (!message)
    throw new UnavailableError(
      'queue.no-sample',
      `no message came for ${queue} within ${sampleLimitMs / 1000} s`,
      {
        mend: 'Run the drill while the line works (or with a load), or give a `body`. Nothing was touched.',
      },
    );
  const { contentType, contentEncoding, type, priority, durable, body } = message;
  const headers = Object.fromEntries(
    Object.entries(message.headers ?? {}).filter(([key]) => !tracing.includes(key)),
  );
  // JSON and text come parsed from the client library, with the content type that says so.
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const properties = { contentType, contentEncoding, type, priority, durable, headers };
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  return { properties: Object.fromEntries(given), body: bytes };
}
