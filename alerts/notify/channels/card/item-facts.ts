import type { MessageEvent, MessageItem } from '../../message.ts';
import { cleanText, clip } from './clean-text.ts';
import type { Tone } from './line.ts';
import { durationText, localSpan, localTime, type TimeStyle } from './local-time.ts';
import { safeLink } from './safe-link.ts';
import type { Words } from './words.ts';

/** How a card is to be written. */
export interface CardStyle extends TimeStyle {
  /** Unix milliseconds. */
  readonly now: number;
}

/** What a card says of one alert, cleaned; '' for what it does not tell. */
export interface ItemFacts {
  readonly name: string;
  readonly code: string;
  readonly summary: string;
  /** Target, line, device, queue. */
  readonly where: string;
  readonly mark: string;
  readonly tone: Tone;
  /** '' while it simply fires. */
  readonly event: string;
  readonly when: { readonly field: string; readonly value: string };
  readonly links: readonly { readonly link: string; readonly url: string }[];
  /** A runbook that is no link: a file's name. */
  readonly runbookText: string;
}

/** Whether an event tells of an end. */
export const isEnd = (event: MessageEvent): boolean => event === 'resolved' || event === 'heartbeat-back';

const marks = { A: '🔴', B: '🟠', C: '🔵' } as const;

/** Reads one item for a card. */
export function factsOf(item: MessageItem, style: CardStyle): ItemFacts {
  const { alert, event, tier } = item;
  const { labels, annotations } = alert;
  const runbook = safeLink(annotations.runbook_url);
  return {
    name: alertName(item, style.words),
    code: shortText(labels.code, 60),
    summary: cleanText(annotations.summary ?? ''),
    where: whereOf(labels, style.words),
    mark: isEnd(event) ? '✅' : marks[tier],
    tone: isEnd(event) ? 'good' : 'alarm',
    event: event === 'firing' ? '' : style.words.event[event],
    when: whenOf(item, style),
    links: linksOf(item, style.words),
    runbookText: runbook === undefined ? shortText(annotations.runbook_url) : '',
  };
}

/** What to do, which is told with one alert only, and not of what is over. */
export const descriptionOf = ({ event, alert }: MessageItem): string =>
  isEnd(event) ? '' : cleanText(alert.annotations.description ?? '');

/** The alert's name, as it may stand anywhere. */
export const alertName = ({ alert }: MessageItem, words: Words): string =>
  shortText(alert.labels.alertname) || words.unnamed;

const shortText = (value: string | undefined, maxBytes = 150): string =>
  clip(cleanText(value ?? ''), maxBytes);

function whereOf(labels: MessageItem['alert']['labels'], words: Words): string {
  const named = (['line', 'device', 'queue'] as const).flatMap((label) =>
    labels[label] ? [`${words.place[label]} ${shortText(labels[label])}`] : [],
  );
  const target = shortText(labels.target ?? labels.instance);
  return [target, ...named].filter((part) => part !== '').join(' · ');
}

function whenOf({ alert, event }: MessageItem, style: CardStyle): ItemFacts['when'] {
  const { words, now } = style;
  const start = Date.parse(alert.startsAt);
  const from = localTime(start, style);
  if (isEnd(event)) {
    const parsed = Date.parse(alert.endsAt ?? '');
    const end = Number.isNaN(parsed) ? now : parsed;
    const lasted = Number.isNaN(start) ? words.unknownTime : durationText(end - start, words);
    return { field: words.field.lasted, value: `${lasted} (${localSpan(start, end, style)})` };
  }
  const until = Number.isNaN(start) ? '' : ` (${durationText(now - start, words)})`;
  return {
    field: event === 'escalated' ? words.field.unacknowledged : words.field.since,
    value: `${from}${until}`,
  };
}

/** Where something can be done comes first. */
function linksOf({ alert, acknowledgeUrl }: MessageItem, { link }: Words): ItemFacts['links'] {
  const { runbook_url, dashboard_url } = alert.annotations;
  const found = [
    { link: link.acknowledge, url: safeLink(acknowledgeUrl) },
    { link: link.runbook, url: safeLink(runbook_url) },
    { link: link.dashboard, url: safeLink(dashboard_url) },
  ];
  return found.flatMap(({ link, url }) => (url === undefined ? [] : [{ link, url }]));
}
