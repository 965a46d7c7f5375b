import type { Sqlite } from '../../kit/sqlite.ts';
import type { Message, MessageEvent, MessageItem } from './message.ts';
import { type Occurrence, occurrenceColumns, occurrenceOf } from './occurrence.ts';

/** Where a person acknowledges, by the secret of the link. */
export type AcknowledgeUrl = (token: string) => string;

/** Reads a message of the outbox as its channel is given it. */
export function composedMessage(database: Sqlite, id: string, urlOf: AcknowledgeUrl): Message {
  const rows = database
    .prepare(
      `SELECT d.event, d.omitted, m.tier AS message_tier, ${occurrenceColumns} FROM messages m
       JOIN deliveries d ON d.message_id = m.id JOIN occurrences o ON o.id = d.occurrence_id
       WHERE m.id = ? ORDER BY d.tier, d.occurrence_id, d.id`,
    )
    .all(id);
  return {
    id,
    tier: rows[0]?.message_tier as Message['tier'],
    items: rows.flatMap((row) => itemOf(occurrenceOf(row), row.event as MessageEvent, urlOf)),
    omitted: rows.reduce((sum, { omitted }) => sum + Number(omitted), 0),
  };
}

function itemOf(occurrence: Occurrence, event: MessageEvent, urlOf: AcknowledgeUrl): MessageItem[] {
  const isEnd = event === 'resolved' || event === 'heartbeat-back';
  const alert = isEnd ? occurrence.resolved : occurrence.firing;
  if (alert === undefined) return [];
  const { tier, ackToken, acknowledged, resolved } = occurrence;
  const isAwaited = !isEnd && ackToken !== undefined && acknowledged === undefined && resolved === undefined;
  return [{ alert, event, tier, ...(isAwaited ? { acknowledgeUrl: urlOf(ackToken) } : {}) }];
}
