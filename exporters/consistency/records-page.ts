import type { DestinationReport } from './comparison.ts';
import { compareKeys } from './keys.ts';
import type { Difference } from './merge.ts';

/** Some of the differing records, and where the next ones begin. */
export interface RecordsPage {
  readonly records: readonly Difference[];
  /** For `after` of the next page; null when this is the last one. */
  readonly next: string | null;
}

export interface PageOptions {
  readonly limit: number;
  readonly after?: string | undefined;
}

/**
 * The kept differences, by destination in the order of andon.yaml and by key. The cursor names a record and not a position, so
 * that a comparison which ends between two pages neither repeats nor skips what it left as it was. Undefined when the cursor is none.
 */
export function recordsPage(
  reports: readonly DestinationReport[],
  { limit, after }: PageOptions,
): RecordsPage | undefined {
  const all = keptRecords(reports);
  const isAfter = after === undefined ? () => true : afterCursor(reports, after);
  if (isAfter === undefined) return undefined;
  const found = all.findIndex(isAfter);
  const from = found === -1 ? all.length : found;
  const records = all.slice(from, from + limit);
  const last = records.at(-1);
  const isLastPage = last === undefined || from + limit >= all.length;
  return { records, next: isLastPage ? null : cursorOf(last) };
}

/** All differences that are kept. */
export const keptRecords = (reports: readonly DestinationReport[]): Difference[] =>
  reports.flatMap(({ outcome }) => outcome?.differences ?? []);

const cursorOf = ({ destination, keys }: Difference): string =>
  Buffer.from(JSON.stringify([destination, ...keys])).toString('base64url');

function afterCursor(
  reports: readonly DestinationReport[],
  cursor: string,
): ((record: Difference) => boolean) | undefined {
  const [destination, ...keys] = parseCursor(cursor);
  const position = (name: string | undefined) => reports.findIndex((report) => report.destination === name);
  const last = position(destination);
  if (last === -1) return undefined;
  return (record) => {
    const here = position(record.destination);
    return here > last || (here === last && compareKeys(record.keys, keys) > 0);
  };
}

function parseCursor(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}
