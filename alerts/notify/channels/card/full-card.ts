import type { MessageItem } from '../../message.ts';
import { clip } from './clean-text.ts';
import { type CardStyle, descriptionOf, factsOf, isEnd } from './item-facts.ts';
import type { Line } from './line.ts';

/** How much of one alert is told, in bytes; the next one is taken where the one before does not fit. */
const details = [
  { summary: 600, description: 1500, where: 600, links: 3 },
  { summary: 600, description: 600, where: 300, links: 3 },
  { summary: 300, description: 200, where: 200, links: 3 },
  { summary: 150, description: 0, where: 100, links: 1 },
] as const;

/** The card of one alert, in ever fewer words. */
export function* fullCards(item: MessageItem, style: CardStyle): Generator<Line[]> {
  for (const detail of details) yield fullCard(item, style, detail);
}

function fullCard(item: MessageItem, style: CardStyle, detail: (typeof details)[number]): Line[] {
  const { words } = style;
  const facts = factsOf(item, style);
  const description = detail.description === 0 ? '' : clip(descriptionOf(item), detail.description);
  const fields = [
    // What to do about a tier is not said of what is over.
    {
      field: words.field.tier,
      value: isEnd(item.event) ? '' : `${item.tier}${words.comma}${words.tier[item.tier]}`,
    },
    { field: words.field.code, value: facts.code },
    { field: words.field.where, value: clip(facts.where, detail.where) },
    facts.when,
    { field: words.field.todo, value: description },
    { field: words.field.runbook, value: clip(facts.runbookText, detail.where) },
  ];
  const event = facts.event === '' ? '' : ` · ${facts.event}`;
  return [
    { kind: 'title', spans: [{ text: `${facts.mark} ${item.tier} · ${facts.name}${event}` }] },
    ...textLine(clip(facts.summary, detail.summary)),
    ...fields
      .filter(({ value }) => value !== '')
      .map(
        ({ field, value }): Line => ({ kind: 'detail', spans: [{ text: `${field}${words.colon}${value}` }] }),
      ),
    ...linkLine(facts.links.slice(0, detail.links)),
  ];

  function textLine(summary: string): Line[] {
    return summary === ''
      ? []
      : [{ kind: 'text', spans: [{ text: summary, strong: true, tone: facts.tone }] }];
  }
}

const linkLine = (links: readonly { link: string; url: string }[]): Line[] =>
  links.length === 0 ? [] : [{ kind: 'text', spans: separated(links) }];

/** Spans with a dot between them. */
export const separated = (spans: Line['spans']): Line['spans'] =>
  spans.flatMap((span, index) => (index === 0 ? [span] : [{ text: ' · ' }, span]));
