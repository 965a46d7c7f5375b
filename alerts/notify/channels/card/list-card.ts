import { type AlertTier, alertTiers } from '../../../tiers.ts';
import type { MessageItem } from '../../message.ts';
import { clip } from './clean-text.ts';
import { separated } from './full-card.ts';
import { type CardStyle, factsOf, type ItemFacts } from './item-facts.ts';
import type { Line } from './line.ts';
import { safeLink } from './safe-link.ts';

/** How many of each tier. */
export type TierCounts = Readonly<Record<AlertTier, number>>;

export const countTiers = (items: readonly MessageItem[]): TierCounts => {
  const counts = { A: 0, B: 0, C: 0 };
  for (const { tier } of items) counts[tier] += 1;
  return counts;
};

/** `A 2, B 30`. */
export const tiersText = (counts: TierCounts): string =>
  alertTiers
    .filter((tier) => counts[tier] > 0)
    .map((tier) => `${tier} ${counts[tier]}`)
    .join(', ');

/** What a list says above its alerts. */
export function listTitle(items: readonly MessageItem[], style: CardStyle): Line {
  const [first] = items;
  const mark = first === undefined ? '' : `${factsOf(first, style).mark} `;
  const tiers = first === undefined ? '' : ` · ${tiersText(countTiers(items))}`;
  return { kind: 'title', spans: [{ text: `${mark}${style.words.notices(items.length)}${tiers}` }] };
}

/** One alert of a list in two lines, or in one. */
export function listEntry(tier: AlertTier, facts: ItemFacts, { words }: CardStyle, lines: 1 | 2): Line[] {
  const event = facts.event === '' ? '' : ` · ${facts.event}`;
  const code = facts.code === '' ? '' : ` ${facts.code}`;
  const summary = facts.summary === '' ? '' : `${words.colon}${clip(facts.summary, lines === 1 ? 120 : 240)}`;
  const where = facts.where === '' ? [] : [{ text: clip(facts.where, 200) }];
  const first: Line = {
    kind: 'text',
    spans: [
      { text: `${facts.mark} ${tier}${code} ` },
      { text: facts.name, strong: true },
      { text: `${event}${summary}` },
      ...(lines === 1 && where.length > 0 ? [{ text: ' · ' }, ...where] : []),
    ],
  };
  if (lines === 1) return [first];
  const when = { text: `${facts.when.field}${words.colon}${facts.when.value}` };
  // The field stands first: a place could begin with what makes a list or a heading of the line.
  return [first, { kind: 'detail', spans: separated([when, ...where, ...facts.links]) }];
}

/** What did not fit, counted, and where it can be seen. */
export function moreLine(
  left: readonly MessageItem[],
  { words }: CardStyle,
  url: string | undefined,
): Line[] {
  if (left.length === 0) return [];
  const count = { text: words.more(left.length, tiersText(countTiers(left))) };
  const link = url === undefined ? [] : [{ link: words.link.overview, url }];
  return [{ kind: 'text', spans: separated([count, ...link]) }];
}

/** What Alertmanager itself did not tell. */
export const omittedLine = (omitted: number, { words }: CardStyle): Line[] =>
  omitted > 0 ? [{ kind: 'text', spans: [{ text: words.omitted(omitted) }] }] : [];

/** Where all alerts can be seen: the configured address, else the first dashboard that one of them names. */
export function overviewOf(
  items: readonly MessageItem[],
  configured: string | undefined,
): string | undefined {
  const dashboards = items.values().map(({ alert }) => alert.annotations.dashboard_url);
  return safeLink(configured) ?? dashboards.map(safeLink).find((url) => url !== undefined);
}
