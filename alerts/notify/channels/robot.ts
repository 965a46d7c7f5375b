import { z } from 'zod';
import { wallClock } from '../../../kit/wall-clock.ts';
import type { SendResult } from '../channel.ts';
import type { Message } from '../message.ts';
import { type Card, type CardPlace, writeCard } from './card/card.ts';
import type { CardStyle } from './card/item-facts.ts';
import { type Language, wordsIn } from './card/words.ts';
import { post } from './post.ts';
import { safeReason } from './reason.ts';
import { type RobotCodes, robotResult } from './robot-answer.ts';
import type { ChannelTools } from './tools.ts';

/** Both robots take 20 messages a minute and, for a while, none from whoever sends more. */
export const robotLimit = { messages: 20, perMs: 60_000 } as const;

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/** Where a robot is reached. Its key goes there with each message, so it is not sent in the open. */
export const robotUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { protocol, hostname, username, password } = new URL(text);
  return (protocol === 'https:' || isLoopback(hostname)) && username === '' && password === '';
}, 'must begin with https:// and have no user in it');

/** The key of a robot, from its address or from a field of its own; there must be exactly one. */
export function robotKey(url: string, parameter: string, key: string | undefined): string | undefined {
  const inUrl = new URL(url).searchParams.get(parameter) ?? undefined;
  return (inUrl === undefined) === (key === undefined) ? undefined : (inUrl ?? key);
}

interface CardReceiver {
  readonly name: string;
  readonly language: Language;
  readonly timezone?: string | undefined;
  readonly overview_url?: string | undefined;
}

/** How a receiver wants its cards. */
export const styleOf = ({ language, timezone }: CardReceiver, tools: ChannelTools): CardStyle => ({
  words: wordsIn[language],
  clock: wallClock(timezone ?? tools.timezone ?? 'UTC'),
  now: tools.clock.now(),
});

/** The card of a message; what it only counts is in the log too. */
export function cardFor(
  message: Message,
  receiver: CardReceiver,
  tools: ChannelTools,
  place: Omit<CardPlace, 'overviewUrl'>,
): Card {
  const card = writeCard(message, styleOf(receiver, tools), { ...place, overviewUrl: receiver.overview_url });
  if (card.left > 0)
    tools.log.info(
      { receiver: receiver.name, message: message.id, counted: card.left },
      'a message had no room for all of its alerts: it counts the others',
    );
  return card;
}

/** One attempt at a robot. */
export async function tellRobot(
  request: { readonly url: string; readonly body: string },
  codes: RobotCodes,
  secrets: readonly string[],
  tools: ChannelTools,
  signal: AbortSignal,
): Promise<SendResult> {
  const answer = await post({ ...request, readSuccess: true }, tools, signal);
  if ('trouble' in answer) return { outcome: 'retry', reason: safeReason(answer.trouble, secrets) };
  return robotResult(answer, codes, secrets);
}
