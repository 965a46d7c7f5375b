import { cleanText, clip } from './card/clean-text.ts';

const longestReason = 400;

/**
 * Why an attempt failed, for the log and the dead letters: what the other end says is made safe, and none of the
 * receiver's secrets stands in it, however they got there.
 */
export function safeReason(text: string, secrets: readonly string[]): string {
  let reason = cleanText(text);
  // The longest first: one secret may be a part of another.
  for (const secret of formsOf(secrets).toSorted((a, b) => b.length - a.length))
    reason = reason.replaceAll(secret, '[secret]');
  return clip(reason, longestReason);
}

/** A secret as it is, in an address, and as mail servers are told it. */
const formsOf = (secrets: readonly string[]): string[] =>
  secrets.flatMap((secret) =>
    secret === ''
      ? []
      : [cleanText(secret), encodeURIComponent(secret), Buffer.from(secret).toString('base64')].filter(
          Boolean,
        ),
  );
