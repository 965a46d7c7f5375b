import { messageOf } from '../../kit/errors.ts';
import type { Holding } from './ordered-cursor.ts';
import type { RowBatch } from './question.ts';

/** How a query's columns are to be read. */
export interface HoldingColumns {
  /** For errors: which system, on which target. */
  readonly system: string;
  readonly target: string;
  readonly keys: readonly string[];
  readonly value: string;
}

/** The optional column that says whether a record changed after the watermark. */
const unsettledColumn = 'unsettled';
const isTrue = new Set(['1', 't', 'true']);

/** Reads rows as holdings. Every error names the system and its target. */
export async function* holdingsOf(
  batches: AsyncIterable<RowBatch>,
  columns: HoldingColumns,
): AsyncGenerator<Holding[]> {
  try {
    let read: ReturnType<typeof rowReader> | undefined;
    for await (const batch of batches) {
      read ??= rowReader(batch.columns, columns);
      yield batch.rows.map(read);
    }
  } catch (error) {
    throw new Error(`${columns.system} (target ${columns.target}): ${messageOf(error)}`);
  }
}

function rowReader(names: readonly string[], { keys, value }: HoldingColumns) {
  const keyIndexes = keys.map((key) => indexOf(names, key));
  const valueIndex = indexOf(names, value);
  const unsettledIndex = names.indexOf(unsettledColumn);
  const text = (row: readonly unknown[], index: number): string => {
    const found = row[index];
    if (typeof found === 'string') return found;
    if (found === null || found === undefined) throw new Error(nullMessage(names[index] ?? ''));
    return textOf(found);
  };
  return (row: readonly unknown[]): Holding => ({
    keys: keyIndexes.map((index) => text(row, index)),
    value: text(row, valueIndex),
    unsettled: unsettledIndex !== -1 && isTrue.has(textOf(row[unsettledIndex])),
  });
}

function indexOf(names: readonly string[], column: string): number {
  const index = names.indexOf(column);
  if (index !== -1) return index;
  throw new Error(`the query returns no column "${column}", but ${names.join(', ')}`);
}

const nullMessage = (column: string): string =>
  `${column} is NULL in some row, which has no place in an order; write coalesce(${column}, …)`;

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return value instanceof Date ? value.toISOString() : String(value);
}
