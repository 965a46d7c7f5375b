import type { SendResult } from './channel.ts';

const longest = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away.
const controlCharacters = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Text of a stranger as one line that is safe in a terminal and not endless. */
export const plainText = (text: string, limit = longest): string =>
  text.toWellFormed().replaceAll(controlCharacters, ' ').slice(0, limit).trim();

/** The same result with its reason, which mostly quotes the other end, made safe for logs and lists. */
export const plainReason = (result: SendResult): SendResult =>
  result.outcome === 'delivered' ? result : { ...result, reason: plainText(result.reason) };
