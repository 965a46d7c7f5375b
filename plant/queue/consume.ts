import { type AsyncMessage, type Connection, ConsumerStatus } from 'rabbitmq-client';
import type { Clock } from '../../kit/clock.ts';
import { failSpan, withSpan } from '../../kit/tracing.ts';
import { isRefusedStatement } from '../database/database.ts';
import { type OperationReported, operationReportedSchema } from '../mes-api.ts';
import type { SparseLog } from '../sparse-log.ts';
import { type Apply, Batcher } from './batcher.ts';
import { declareTopology, topology } from './topology.ts';

/** An event as it came from the queue. */
export interface ReceivedOperation extends OperationReported {
  /** The queue had delivered it before, perhaps not to the end. */
  redelivered: boolean;
}

/** The part of a settings file that says how messages are taken. */
export interface ConsumerSettings {
  prefetch: number;
  batch_delay_ms: number;
  max_attempts: number;
  retry_delay_ms: number;
}

/** What a consumer has done since it started. */
export interface ConsumerCounts {
  acknowledged: number;
  deadLettered: number;
}

/** Consumes reported operations: acknowledged only when applied; what cannot be handled goes to the dead letters. */
export function consumeOperations(
  queue: Connection,
  name: string,
  settings: ConsumerSettings,
  apply: Apply<ReceivedOperation>,
  { clock, log, signal }: { clock: Clock; log: SparseLog; signal: AbortSignal },
): ConsumerCounts {
  const counts: ConsumerCounts = { acknowledged: 0, deadLettered: 0 };
  const times = {
    size: settings.prefetch,
    delayMs: settings.batch_delay_ms,
    maxAttempts: settings.max_attempts,
    retryDelayMs: settings.retry_delay_ms,
  };
  const batcher = new Batcher(apply, times, clock, log, signal);
  const deadLetter = (error: unknown): ConsumerStatus => {
    counts.deadLettered += 1;
    log.failure(`a message of ${name} goes to the dead letters`, error);
    return ConsumerStatus.DROP;
  };
  const take = async ({ body, redelivered }: AsyncMessage): Promise<ConsumerStatus> => {
    const event = operationReportedSchema.safeParse(body);
    if (!event.success) return deadLetter(event.error);
    try {
      await batcher.add({ ...event.data, redelivered });
      counts.acknowledged += 1;
      return ConsumerStatus.ACK;
    } catch (error) {
      return isRefusedStatement(error) ? deadLetter(error) : ConsumerStatus.REQUEUE;
    }
  };
  const consumer = queue.createConsumer(
    {
      queue: name,
      queueOptions: topology.queues.find((declared) => declared.queue === name) ?? {},
      exchanges: topology.exchanges,
      queueBindings: topology.queueBindings.filter((binding) => binding.queue === name),
      qos: { prefetchCount: settings.prefetch },
    },
    (message) => traced(name, message, take),
  );
  // The consumer declares its own queue; this adds the dead letters, without which a refused message would vanish.
  queue.on('connection', () => {
    void declareOnce(queue).catch((error: unknown) => log.failure('the queues cannot be declared', error));
  });
  consumer.on('error', (error) => log.failure(`the consumer of ${name} was interrupted`, error));
  return counts;
}

/** A message that brings a trace along is taken as a part of it, until it is applied or given up. */
function traced(
  queue: string,
  message: AsyncMessage,
  take: (message: AsyncMessage) => Promise<ConsumerStatus>,
): Promise<ConsumerStatus> {
  const { headers, messageId, redelivered } = message;
  if (headers?.traceparent === undefined) return take(message);
  const attributes = () => ({
    'messaging.system': 'rabbitmq',
    'messaging.destination.name': queue,
    'messaging.message.id': messageId ?? '',
    'andon.redelivered': redelivered,
  });
  return withSpan(`process ${queue}`, { kind: 'consumer', from: headers, attributes }, async (span) => {
    const status = await take(message);
    if (status !== ConsumerStatus.ACK) failSpan(span, outcomes[status]);
    return status;
  });
}

const outcomes = {
  [ConsumerStatus.ACK]: 'acknowledged',
  [ConsumerStatus.REQUEUE]: 'goes back into the queue',
  [ConsumerStatus.DROP]: 'goes to the dead letters',
};

async function declareOnce(queue: Connection): Promise<void> {
  const channel = await queue.acquire();
  try {
    await declareTopology(channel);
  } finally {
    await channel.close();
  }
}
