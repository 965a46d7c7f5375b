import { z } from 'zod';

const room = {
  to: z.number(),
  floor: z.union([z.strictObject({ bytes: z.number() }), z.strictObject({ share: z.number() })]),
};

/** What a burner carries. */
const burdenSchema = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('cpu'), workers: z.int(), share: z.number(), nice: z.int() }),
  z.strictObject({ what: z.literal('memory'), ...room, limit: z.number() }),
  z.strictObject({ what: z.literal('disk'), ...room, folder: z.string(), name: z.string() }),
]);

/** What a burner is started with, as JSON. */
export const burnerWishSchema = z.strictObject({
  burden: burdenSchema,
  /** However alive its runner looks, it ends after this many milliseconds. */
  longestMs: z.number(),
});
export type BurnerWish = z.output<typeof burnerWishSchema>;
