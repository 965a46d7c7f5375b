import type { Message, MessageItem } from '../../message.ts';
import { cleanText, clip } from './clean-text.ts';
import { fullCards } from './full-card.ts';
import { alertName, type CardStyle, factsOf, isEnd } from './item-facts.ts';
import type { Dialect } from './line.ts';
import {
  countTiers,
  listEntry,
  listTitle,
  moreLine,
  omittedLine,
  overviewOf,
  tiersText,
} from './list-card.ts';

/** Where a card goes. */
export interface CardPlace {
  readonly dialect: Dialect;
  /** Whether a text is short enough for its channel. */
  fits(text: string): boolean;
  /** Where all alerts can be seen. */
  readonly overviewUrl?: string | undefined;
}

export interface Card {
  readonly text: string;
  /** How many alerts it only counts. */
  readonly left: number;
}

/** A list is never longer, whatever the limit: nobody reads on. */
const longestList = 300;

/** Writes a message: one alert in full, several as a list, A before C; what does not fit is counted and said. */
export function writeCard(message: Message, style: CardStyle, place: CardPlace): Card {
  const [only, ...others] = message.items;
  if (only === undefined || others.length > 0) return list(message, style, place);
  let text = '';
  for (const card of fullCards(only, style)) {
    text = place.dialect([...card, ...omittedLine(message.omitted, style)]);
    if (place.fits(text)) break;
  }
  return { text, left: 0 };
}

function list({ items, omitted }: Message, style: CardStyle, place: CardPlace): Card {
  const facts = remembered((item) => factsOf(item, style));
  const entries = {
    long: remembered((item) => listEntry(item.tier, facts(item), style, 2)),
    short: remembered((item) => listEntry(item.tier, facts(item), style, item.tier === 'A' ? 2 : 1)),
    shortest: remembered((item) => listEntry(item.tier, facts(item), style, 1)),
  };
  const overview = overviewOf(items, place.overviewUrl);
  const write = (count: number, length: keyof typeof entries): string =>
    place.dialect([
      listTitle(items, style),
      ...items.slice(0, count).flatMap(entries[length]),
      ...moreLine(items.slice(count), style, overview),
      ...omittedLine(omitted, style),
    ]);
  const most = Math.min(items.length, longestList);
  const told = (length: keyof typeof entries) =>
    mostThatFits(most, (count) => place.fits(write(count, length)));
  const length = told('long') === items.length ? 'long' : told('short') > 0 ? 'short' : 'shortest';
  const count = told(length);
  return { text: write(count, length), left: items.length - count };
}

/** Each is made once, and only when it is asked for: of a storm a card holds the beginning. */
function remembered<T>(make: (item: MessageItem) => T): (item: MessageItem) => T {
  const made = new Map<MessageItem, T>();
  return (item) => {
    const value = made.get(item) ?? make(item);
    made.set(item, value);
    return value;
  };
}

/** The largest count up to `most` that fits: the step doubles while it does, then halves. */
function mostThatFits(most: number, fits: (count: number) => boolean): number {
  let count = 0;
  let step = 1;
  for (; count + step <= most && fits(count + step); step *= 2) count += step;
  for (; step >= 1; step = Math.floor(step / 2))
    if (count + step <= most && fits(count + step)) count += step;
  // All of them may fit where all but one do not: nothing has to be said of the rest.
  return 2 * count >= most && fits(most) ? most : count;
}

/** `[A] MesDatabaseBlocked mes-db`: the line that stands in a mailbox or a notification. */
export function subjectOf({ items, tier }: Message, { words }: CardStyle): string {
  const [only, ...others] = items;
  if (only === undefined || others.length > 0)
    return `[${tier}] ${words.notices(items.length)}${words.colon}${tiersText(countTiers(items))}`;
  return clip(`[${tier}] ${eventText(only)}${alertName(only, words)}${targetText(only)}`, 200);

  function eventText({ event }: MessageItem): string {
    return event === 'firing' ? '' : `${words.event[event]}${words.colon}`;
  }
}

function targetText({ alert: { labels } }: MessageItem): string {
  const target = cleanText(labels.target ?? labels.instance ?? '');
  return target === '' ? '' : ` ${target}`;
}

/** Whether somebody is to be called by name: an A that is not over. */
export const callsPeople = ({ items }: Message): boolean =>
  items.some(({ tier, event }) => tier === 'A' && !isEnd(event));
