import { z } from 'zod';
import { duration } from '../../../kit/duration.ts';
import { timezone } from '../../../kit/wall-clock.ts';
import { languages } from './card/words.ts';

/** A secret: never empty, and nothing in it that an HTTP header or an address could not carry. */
export const secret = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be at least one visible ASCII character, without spaces');

/** What every receiver has. */
export const receiverFields = {
  /** Unique; it stands in the metrics, the log and the dead letters. */
  name: z.string().min(1).max(100),
  /** No more messages than that in any stretch of that length, where it is lower than the channel's own limit. */
  rate: z
    .strictObject({
      messages: z.int().min(1),
      per: duration.refine((ms) => ms > 0, 'must be longer than 0s'),
    })
    .optional(),
};

/** What every receiver whose messages are read by people has besides. */
export const cardFields = {
  language: z.enum(languages).default('en'),
  /** An IANA name; without it the plant's. */
  timezone: timezone.optional(),
  /** Where all alerts can be seen: the link behind "and 37 more". */
  overview_url: z.url({ protocol: /^https?$/ }).optional(),
};
