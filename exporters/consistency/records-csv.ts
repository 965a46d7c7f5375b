import type { ComparisonConfig } from './config.ts';
import type { Difference } from './merge.ts';

/** Differing records as CSV (RFC 4180), with a line of names. A system that does not hold a record has an empty field. */
export function recordsCsv(
  { keys, value, source }: ComparisonConfig,
  records: readonly Difference[],
): string {
  const names = [...keys, 'dimension', 'source', `source_${value}`, 'destination', `destination_${value}`];
  const lines = records.map(({ keys: key, dimension, destination, inSource, inDestination }) => [
    ...key,
    dimension,
    source.system,
    inSource ?? '',
    destination,
    inDestination ?? '',
  ]);
  return [names, ...lines].map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
