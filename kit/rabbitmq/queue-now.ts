import type { Channel } from 'rabbitmq-client';

/** A queue at this moment, from the queue itself and not from statistics; undefined when there is no such queue. */
export async function queueNow(
  channel: Channel,
  queue: string,
): Promise<{ ready: number; consumers: number } | undefined> {
  try {
    const { messageCount, consumerCount } = await channel.queueDeclare({ queue, passive: true });
    return { ready: messageCount, consumers: consumerCount };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
