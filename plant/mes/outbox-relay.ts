import type { Connection, Publisher } from 'rabbitmq-client';
import type { Clock } from '../../kit/clock.ts';
import { traceHeaders, withSpan } from '../../kit/tracing.ts';
import type { Database, Statement } from '../database/database.ts';
import { eventsExchange, topology } from '../queue/topology.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Wake } from '../wake.ts';

/** What the relay works with, and its times. */
export interface RelayParts {
  database: Database;
  queue: Connection;
  clock: Clock;
  log: SparseLog;
  /** Called when there is something new in the outbox. */
  news: Wake;
  /** Rest between two rounds, in which events gather. */
  intervalMs: number;
  /** The longest time without a look. */
  pollMs: number;
  batch: number;
  confirmTimeoutMs: number;
}

interface OutboxRow {
  [column: string]: unknown;
  id: string;
  topic: string;
  op_id: string | null;
  payload: object;
  traceparent: string | null;
}

/**
 * outbox → queue, at least once: read a batch, publish it, mark what the queue has confirmed. No transaction is open
 * while it publishes; what was published and not marked goes out again, and the consumers know it.
 */
export async function relayOutbox(parts: RelayParts, signal: AbortSignal): Promise<void> {
  const publisher = parts.queue.createPublisher({ ...topology, confirm: true });
  while (!signal.aborted) {
    let more = false;
    try {
      more = await relayBatch(parts, publisher);
    } catch (error) {
      if (!signal.aborted) parts.log.failure('the outbox waits', error);
    }
    if (!more) await parts.news.sleep(parts.clock, parts.pollMs);
    await parts.clock.sleep(parts.intervalMs, signal).catch(() => {});
  }
}

/** One batch; true when another waits behind it. */
async function relayBatch(parts: RelayParts, publisher: Publisher): Promise<boolean> {
  const rows = await parts.database.run((session) => session.query<OutboxRow>(unpublished, [parts.batch]));
  const sent = await Promise.allSettled(rows.map((row) => publish(parts, publisher, row)));
  const confirmed = rows.filter((_, index) => sent[index]?.status === 'fulfilled').map(({ id }) => id);
  if (confirmed.length > 0) await parts.database.run((session) => session.query(markPublished, [confirmed]));
  const refused = sent.find((result) => result.status === 'rejected');
  if (refused) throw refused.reason;
  return rows.length === parts.batch;
}

async function publish(parts: RelayParts, publisher: Publisher, row: OutboxRow): Promise<void> {
  const timer = new AbortController();
  const late = parts.clock.sleep(parts.confirmTimeoutMs, timer.signal).then(() => {
    throw new Error(`the queue has not confirmed outbox row ${row.id} in time`);
  });
  const confirmed = send(publisher, row);
  try {
    await Promise.race([confirmed, late]);
  } finally {
    timer.abort();
    // The loser of the race must not fail unheard.
    await late.catch(() => {});
    confirmed.catch(() => {});
  }
}

/** Carries on the trace in which the event came about; in a process that records none it is at least handed on. */
function send(publisher: Publisher, { id, topic, op_id, payload, traceparent }: OutboxRow): Promise<void> {
  const way = envelope(topic, op_id ?? id);
  if (traceparent === null) return publisher.send(way, payload);
  const attributes = () => ({ 'messaging.system': 'rabbitmq', 'messaging.message.id': way.messageId });
  return withSpan(`publish ${topic}`, { kind: 'producer', from: { traceparent }, attributes }, () =>
    publisher.send({ ...way, headers: { traceparent, ...traceHeaders() } }, payload),
  );
}

/** How an event travels: persistent, by its topic. */
export const envelope = (topic: string, messageId: string) => ({
  exchange: eventsExchange,
  routingKey: topic,
  durable: true,
  messageId,
});

const unpublished: Statement = {
  name: 'outbox-unpublished',
  text: 'SELECT id, topic, op_id, payload, traceparent FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1',
};

const markPublished: Statement = {
  name: 'outbox-mark-published',
  text: 'UPDATE outbox SET published_at = now() WHERE id = ANY ($1::bigint[])',
};
