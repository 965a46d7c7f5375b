import { z } from 'zod';
import { cutModes, type Disturbance, directions } from '../network/driver.ts';

const direction = z.enum(directions);

/** A disturbance as it is sent to a proxy. */
export const disturbanceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cut'), mode: z.enum(cutModes), direction }),
  z.strictObject({
    kind: z.literal('latency'),
    latencyMs: z.number().min(0).max(3_600_000),
    jitterMs: z.number().min(0).max(3_600_000),
    direction,
  }),
  z.strictObject({ kind: z.literal('bandwidth'), bytesPerSecond: z.number().min(1), direction }),
  z.strictObject({ kind: z.literal('loss'), ratio: z.number().gt(0).lt(1), direction }),
]) satisfies z.ZodType<Disturbance>;

// An hour is far beyond any outage that is rehearsed: what asks for more has mistaken the unit.
const leaseMs = z.int().min(100).max(3_600_000);

/** Body of `POST /links/NAME/holds`. */
export const holdBody = z.strictObject({
  holder: z.string().regex(/^[\w.:~-]{1,200}$/, 'must be up to 200 letters, digits and _.:~-'),
  disturbance: disturbanceSchema.nullable(),
  leaseMs,
});

/** Body of `PATCH /links/NAME/holds/HOLDER`. */
export const renewBody = z.strictObject({ disturbance: disturbanceSchema.nullable().optional(), leaseMs });
