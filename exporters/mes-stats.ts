import { z } from 'zod';

const operation = z.object({
  total: z.number(),
  failed: z.number(),
  wait: z.object({
    // JSON has no infinity: the last bucket may say null or "+Inf". Its count is the histogram's count anyway.
    buckets: z.array(z.object({ le: z.union([z.number(), z.null(), z.literal('+Inf')]), count: z.number() })),
    sum: z.number(),
    count: z.number(),
  }),
});

/** What an MES tells of itself at `/-/stats`: counters since it started, and its pool as it is now. */
export const mesStats = z.object({
  operations: z.record(z.string(), operation),
  pool: z.object({ waiting: z.number() }),
});
export type MesStats = z.infer<typeof mesStats>;
