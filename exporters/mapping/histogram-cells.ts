import { z } from 'zod';
import type { Row } from '../databases/session.ts';
import type { HistogramValue } from '../sample.ts';
import { cellOf, numberIn, shown } from './cells.ts';

/** The columns of a histogram. */
export interface HistogramColumns {
  readonly buckets: string | Readonly<Record<string, string>>;
  readonly sum: string;
  readonly count: string;
}

type Bucket = HistogramValue['buckets'][number];

// JSON has no infinity: the last bucket may say null or "+Inf". Its count is the histogram's count anyway.
const bound = z.union([z.number(), z.null(), z.literal('+Inf'), z.string().regex(/^\d+(\.\d+)?$/)]);
const count = z.union([z.number(), z.string().regex(/^\d+$/)]).transform(Number);
const bucketList = z.array(z.object({ le: bound, count }));

/** The histogram in a row; null when its sum, its count or its buckets are. Throws when it cannot be one. */
export function histogramIn(row: Row, columns: HistogramColumns): HistogramValue | null {
  const sum = numberIn(row, columns.sum);
  const total = numberIn(row, columns.count);
  const buckets =
    typeof columns.buckets === 'string'
      ? bucketsInList(row, columns.buckets)
      : bucketsInColumns(row, columns.buckets);
  if (sum === null || total === null || buckets === null) return null;
  const sorted = buckets.toSorted((one, other) => one.le - other.le);
  refuseBroken([...sorted, { le: Number.POSITIVE_INFINITY, count: total }]);
  return { buckets: sorted, sum, count: total };
}

function bucketsInList(row: Row, column: string): Bucket[] | null {
  const cell = cellOf(row, column);
  if (cell === null) return null;
  const parsed = bucketList.safeParse(listOf(cell));
  if (!parsed.success)
    throw new Error(`column "${column}" is not a list of buckets {le, count}: ${shown(cell)}`);
  return parsed.data.flatMap(({ le, count }) =>
    le === null || le === '+Inf' ? [] : [{ le: Number(le), count }],
  );
}

/** Databases may hand JSON over as text; JSONata makes of a list with one entry that entry. */
function listOf(cell: unknown): unknown {
  if (typeof cell !== 'string') return Array.isArray(cell) ? cell : [cell];
  try {
    return JSON.parse(cell);
  } catch {
    return undefined;
  }
}

function bucketsInColumns(row: Row, columns: Readonly<Record<string, string>>): Bucket[] | null {
  const buckets: Bucket[] = [];
  for (const [le, column] of Object.entries(columns)) {
    const count = numberIn(row, column);
    if (count === null) return null;
    buckets.push({ le: Number(le), count });
  }
  return buckets;
}

/** What Prometheus would take for a broken histogram: a bound twice, or a bucket that counts less than a smaller one. */
function refuseBroken(buckets: readonly Bucket[]): void {
  let before: Bucket = { le: Number.NEGATIVE_INFINITY, count: 0 };
  for (const bucket of buckets) {
    if (bucket.le === before.le) throw new Error(`two buckets have the upper bound ${bucket.le}`);
    if (bucket.count < before.count)
      throw new Error(
        `the bucket up to ${bucket.le} counts ${bucket.count} after ${before.count}: counts must be cumulative`,
      );
    before = bucket;
  }
}
