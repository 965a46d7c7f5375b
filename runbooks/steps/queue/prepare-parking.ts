import { UnavailableError } from '../../../kit/errors.ts';
import type { AmqpSession } from '../../../kit/rabbitmq/amqp-session.ts';
import type { ManagementApi } from '../../../kit/rabbitmq/management-api.ts';
import { type QueueFacts, queueFacts } from '../../../kit/rabbitmq/topology.ts';

/** Settings with which a queue gives up messages by itself. */
const losing = ['message-ttl', 'expires', 'max-length', 'max-length-bytes'];

/** Why messages must not be put aside in a queue; undefined where they may, also where it is not there yet. */
export async function whyNoParking(
  api: ManagementApi,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const facts = await queueFacts(api, name, signal);
  return facts && whyLost(facts);
}

function whyLost({ name, type, setting }: QueueFacts): string | undefined {
  const found = losing.find((key) => setting(key) !== undefined);
  if (found !== undefined)
    return `queue ${name} has ${found}: messages that wait for a person would vanish from it`;
  return type === 'stream' ? `queue ${name} is a stream, from which no message can be taken back` : undefined;
}

/** Makes the queue if it is not there: durable, kept until somebody deletes it. */
export async function makeParking(session: AmqpSession, name: string): Promise<void> {
  const channel = await session.channel();
  try {
    await channel.queueDeclare({ queue: name, durable: true });
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    // Somebody has made it in another way, which `whyNoParking` has judged.
    if (code === 'PRECONDITION_FAILED') return;
    throw new UnavailableError('queue.parking', `the queue ${name} cannot be made`, {
      mend: `Make a durable queue ${name}, or let the user under \`url\` configure it.`,
      cause,
    });
  } finally {
    await channel.close().catch(() => {});
  }
}
