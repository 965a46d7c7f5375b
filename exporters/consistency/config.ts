import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { parseDecimal } from './decimal.ts';

/** One system of a comparison: what it is called in metrics and records, which database is asked, and what. */
const systemSchema = z.strictObject({
  system: z.string().min(1),
  target: z.string(),
  /** Returns the keys, the value and perhaps `unsettled`, ordered by the keys in bytewise order. Knows `$watermark`. */
  sql: z.string().min(1),
});

/** So many digits after the point as wanted; a number in YAML is read as it is written there. */
const toleranceSchema = z
  .union([z.string(), z.number()])
  .default(0)
  .transform((written, context) => {
    const tolerance = parseDecimal(String(written));
    if (tolerance !== undefined && tolerance.digits >= 0n) return tolerance;
    context.addIssue({ code: 'custom', message: `"${written}" is no tolerance; write 0, 0.5 or "0.001"` });
    return z.NEVER;
  });

const comparisonSchema = z.strictObject({
  /** The label `target` of its metrics, and its name at /consistency/NAME. */
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/, 'must be letters, digits, - and _'),
  interval: duration.prefault('5m'),
  /** What is younger may still be under way between the systems: the watermark lies so far back. */
  settle: duration.prefault('1m'),
  /** Records that differ are compared once more after so long, and count only when they still differ. 0s: they count at once. */
  recheck_after: duration.prefault('30s'),
  /** The longest time of one comparison, the recheck included; `interval` when it is left out. */
  timeout: duration.optional(),
  keys: z.array(z.string()).min(1).default(['material', 'batch']),
  value: z.string().default('quantity'),
  tolerance: toleranceSchema,
  /** So many differing records of each destination are kept to be looked at; all are counted. */
  keep: z.int().min(1).max(100_000).default(10_000),
  /** What the others are compared with. */
  source: systemSchema,
  destinations: z.array(systemSchema).min(1),
});

/** `exporter.consistency:` in andon.yaml. */
export const consistencySection = z.array(comparisonSchema).default([]);
export type ComparisonConfig = z.infer<typeof comparisonSchema>;
export type SystemConfig = z.infer<typeof systemSchema>;
