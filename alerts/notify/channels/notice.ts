import { type AlertTier, alertTiers } from '../../tiers.ts';
import type { Message, MessageItem } from '../message.ts';
import { clip } from './card/clean-text.ts';

/** The body of the generic webhook, `andon.notice/v1`; fields may be added, none is renamed. Values stand as the alert has them. */
export interface Notice {
  readonly schema: 'andon.notice/v1';
  /** The same in every attempt. */
  readonly id: string;
  readonly receiver: string;
  readonly tier: AlertTier;
  /** A before B before C. */
  readonly items: readonly NoticeItem[];
  /** Of this message, but beyond its size limit. */
  readonly left_out: Readonly<Record<AlertTier, number>>;
  /** Alerts that Alertmanager itself left out. */
  readonly omitted: number;
}

export interface NoticeItem {
  readonly event: MessageItem['event'];
  readonly tier: AlertTier;
  readonly fingerprint: string;
  readonly starts_at: string;
  /** Null while it lasts. */
  readonly ends_at: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly acknowledge_url: string | null;
  /** The query in Prometheus. */
  readonly generator_url: string | null;
  /** Some labels and annotations are missing or cut: they were longer than all others together should be. */
  readonly shortened: boolean;
}

/** What a small receiver can still take; Alertmanager's own notices are smaller. */
export const noticeLimit = 1_000_000;

/** Longer alerts are shortened, so that the fifty of one message fit. */
const itemLimit = 19_000;

/** The body, with as many items as the limit allows; the others are counted. */
export function noticeBody(message: Message, receiver: string): { body: string; left: number } {
  const { id, tier, omitted } = message;
  const items: NoticeItem[] = [];
  let room = noticeLimit - 1000;
  for (const item of message.items) {
    const written = noticeItem(item);
    room -= bytesOf(written) + 1;
    if (room < 0) break;
    items.push(written);
  }
  const left_out = { A: 0, B: 0, C: 0 };
  for (const item of message.items.slice(items.length)) left_out[item.tier] += 1;
  const notice: Notice = { schema: 'andon.notice/v1', id, receiver, tier, items, left_out, omitted };
  return { body: JSON.stringify(notice), left: alertTiers.reduce((sum, each) => sum + left_out[each], 0) };
}

function noticeItem({ alert, event, tier, acknowledgeUrl }: MessageItem): NoticeItem {
  const item = {
    event,
    tier,
    fingerprint: alert.fingerprint,
    starts_at: alert.startsAt,
    ends_at: alert.endsAt ?? null,
    labels: alert.labels,
    annotations: alert.annotations,
    acknowledge_url: acknowledgeUrl ?? null,
    generator_url: alert.generatorUrl ?? null,
    shortened: false,
  };
  if (bytesOf(item) <= itemLimit) return item;
  const { labels, annotations } = alert;
  return {
    ...item,
    labels: shortened(labels, [
      'alertname',
      'code',
      'target',
      'line',
      'device',
      'queue',
      'instance',
      'severity',
    ]),
    annotations: shortened(annotations, ['summary', 'description', 'runbook_url', 'dashboard_url']),
    generator_url: null,
    shortened: true,
  };
}

const shortened = (
  from: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => (from[name] === undefined ? [] : [[name, clip(from[name], 1000)]])),
  );

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
