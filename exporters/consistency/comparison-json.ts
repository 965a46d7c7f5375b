import { isoTime } from '../../kit/clock.ts';
import type { DestinationReport } from './comparison.ts';
import type { ComparisonConfig } from './config.ts';
import type { Counts } from './difference-list.ts';
import type { Difference } from './merge.ts';
import type { RecordsPage } from './records-page.ts';

/** One destination, as /consistency/NAME and `andon consistency --json` show it. Times are ISO 8601. */
export interface DestinationJson {
  destination: string;
  /** The time point as of which the systems were compared; null, as all that follows, when no comparison has succeeded yet. */
  watermark: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  compared: Counts | null;
  mismatched: Counts | null;
  unsettled: number | null;
  rechecked: boolean | null;
  /** Whether more records differ than are kept. */
  cut: boolean | null;
  /** Why the last comparison brought nothing; what stands above is then of an earlier one. */
  failure: string | null;
}

/** One differing record: what each of the two systems holds, null where it holds none. */
export interface RecordJson {
  destination: string;
  dimension: string;
  keys: Record<string, string>;
  held: Record<string, string | null>;
}

export interface ComparisonJson {
  comparison: string;
  source: string;
  destinations: DestinationJson[];
  records: RecordJson[];
  /** `after` of the next page. */
  next: string | null;
}

/** A comparison and one page of its differing records. */
export const comparisonJson = (
  config: ComparisonConfig,
  reports: readonly DestinationReport[],
  { records, next }: RecordsPage,
): ComparisonJson => ({
  comparison: config.name,
  source: config.source.system,
  destinations: reports.map(destinationJson),
  records: records.map((record) => recordJson(config, record)),
  next,
});

function destinationJson({ destination, outcome, failure: reason }: DestinationReport): DestinationJson {
  const failure = reason ?? null;
  if (outcome === undefined) return { destination, ...nothing, failure };
  const { compared, mismatched, unsettled, rechecked, differences } = outcome;
  const cut = totalOf(mismatched) > differences.length;
  const times = {
    watermark: isoTime(outcome.watermark),
    startedAt: isoTime(outcome.startedAt),
    finishedAt: isoTime(outcome.finishedAt),
  };
  return { destination, ...times, compared, mismatched, unsettled, rechecked, cut, failure };
}

const nothing = {
  watermark: null,
  startedAt: null,
  finishedAt: null,
  compared: null,
  mismatched: null,
  unsettled: null,
  rechecked: null,
  cut: null,
};

function recordJson({ keys: names, source }: ComparisonConfig, record: Difference): RecordJson {
  const { destination, dimension, inSource, inDestination } = record;
  const keys = Object.fromEntries(names.map((name, index) => [name, record.keys[index] ?? '']));
  return { destination, dimension, keys, held: { [source.system]: inSource, [destination]: inDestination } };
}

/** All records that differ, whatever differs. */
export const totalOf = ({ material, batch, quantity }: Counts): number => material + batch + quantity;
